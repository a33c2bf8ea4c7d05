// Converts the image of an OCI layout to one of nydus, in place, with the library that nydusify and BuildKit use.
//
//	nydusify LAYOUT NYDUS-IMAGE [-compressor zstd|lz4_block|none] [-chunk-size BYTES] [-oci-ref]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images/converter"
	"github.com/containerd/containerd/v2/plugins/content/local"
	nydus "github.com/containerd/nydus-snapshotter/pkg/converter"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "nydusify:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) < 3 {
		return fmt.Errorf("usage: nydusify LAYOUT NYDUS-IMAGE [-compressor NAME] [-chunk-size BYTES] [-oci-ref]")
	}
	layout, builder := os.Args[1], os.Args[2]
	flags := flag.NewFlagSet("nydusify", flag.ContinueOnError)
	compressor := flags.String("compressor", "zstd", "of chunks")
	chunkSize := flags.String("chunk-size", "", "in bytes, such as 0x100000")
	ociRef := flags.Bool("oci-ref", false, "refer to the gzip layers as they are")
	if err := flags.Parse(os.Args[3:]); err != nil {
		return err
	}
	store, err := local.NewLabeledStore(layout, &labels{of: map[digest.Digest]map[string]string{}})
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(layout, "work")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	path := filepath.Join(layout, "index.json")
	var index ocispec.Index
	if err := readJSON(path, &index); err != nil {
		return err
	}
	for i, image := range index.Manifests {
		converted, err := convert(context.Background(), store, image, nydus.PackOption{
			WorkDir: work, BuilderPath: builder, FsVersion: "6", Compressor: *compressor, ChunkSize: *chunkSize, OCIRef: *ociRef,
		})
		if err != nil {
			return err
		}
		converted.Annotations = image.Annotations
		index.Manifests[i] = *converted
	}
	bytes, err := json.Marshal(index)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes, 0o644)
}

func convert(ctx context.Context, store content.Store, image ocispec.Descriptor, pack nydus.PackOption) (*ocispec.Descriptor, error) {
	merge := nydus.MergeOption{
		WorkDir: pack.WorkDir, BuilderPath: pack.BuilderPath, FsVersion: pack.FsVersion, OCIRef: pack.OCIRef, OCI: true,
	}
	hooks := converter.ConvertHooks{PostConvertHook: nydus.ConvertHookFunc(merge)}
	convert := converter.IndexConvertFuncWithHook(nydus.LayerConvertFunc(pack), true, platforms.All, hooks)
	converted, err := convert(ctx, store, image)
	if err != nil {
		return nil, err
	}
	if converted == nil {
		return nil, fmt.Errorf("nothing to convert in %s", image.Digest)
	}
	return converted, nil
}

func readJSON(path string, value any) error {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, value)
}

// labels of blobs, which a layout has no place for.
type labels struct {
	mutex sync.Mutex
	of    map[digest.Digest]map[string]string
}

func (l *labels) Get(blob digest.Digest) (map[string]string, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	copied := map[string]string{}
	for key, value := range l.of[blob] {
		copied[key] = value
	}
	return copied, nil
}

func (l *labels) Set(blob digest.Digest, set map[string]string) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.of[blob] = set
	return nil
}

func (l *labels) Update(blob digest.Digest, update map[string]string) (map[string]string, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.of[blob] == nil {
		l.of[blob] = map[string]string{}
	}
	for key, value := range update {
		if value == "" {
			delete(l.of[blob], key)
		} else {
			l.of[blob][key] = value
		}
	}
	return l.of[blob], nil
}
