// Command zstdchunked compresses a tar as podman does it for push --compression-format zstd:chunked, with containers/storage's own
// compressor: from standard input to standard output. It writes the annotations of the layer, as JSON, to a file.
//
//	zstdchunked ANNOTATIONS < TAR > BLOB
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/containers/storage/pkg/chunked/compressor"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: zstdchunked ANNOTATIONS < TAR > BLOB")
	}
	if err := compress(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func compress(file string) error {
	annotations := map[string]string{}
	level := 3
	blob, err := compressor.ZstdCompressor(os.Stdout, annotations, &level)
	if err != nil {
		return err
	}
	if _, err := io.Copy(blob, os.Stdin); err != nil {
		return err
	}
	if err := blob.Close(); err != nil {
		return err
	}
	text, err := json.Marshal(annotations)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o644)
}
