// Package suite checks a snapshots service on a unix socket, a snapshotter's own or containerd's, with containerd's own test suite
// for snapshotters, and beside containerd's overlayfs snapshotter.
package suite

import (
	"context"
	"flag"
	"fmt"
	"testing"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/core/snapshots/proxy"
	"github.com/containerd/containerd/v2/core/snapshots/testsuite"
	"github.com/containerd/errdefs"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

var (
	address     = flag.String("address", "", "absolute path of the unix socket of the snapshots service")
	snapshotter = flag.String("snapshotter", "", "name of the snapshotter")
	reference   = flag.String("reference", "", "name of containerd's overlayfs snapshotter in the same service; "+
		"if empty, one of this process is compared with")
)

// likeOverlayfs makes the suite rename no directory of a lower layer, which overlayfs refuses unless the kernel's redirect_dir is on.
const likeOverlayfs = "overlayfs"

// TestSuite runs all cases of containerd. Each has a connection of its own, and asks for a cleanup at its end, while others run.
func TestSuite(t *testing.T) {
	testsuite.SnapshotterSuite(t, likeOverlayfs, func(ctx context.Context, _ string) (snapshots.Snapshotter, func() error, error) {
		client, disconnect, err := connect(*snapshotter)
		if err != nil {
			return nil, nil, err
		}
		return client, func() error {
			defer disconnect()
			// containerd cleans up when it thinks fit, and passes no request for it on.
			throughContainerd := *reference != ""
			if err := client.(snapshots.Cleaner).Cleanup(ctx); err != nil && !(throughContainerd && errdefs.IsNotImplemented(err)) {
				return fmt.Errorf("cleanup: %w", err)
			}
			return nil
		}, nil
	})
}

func connect(name string) (snapshots.Snapshotter, func() error, error) {
	if *address == "" || name == "" {
		return nil, nil, fmt.Errorf("-address and -snapshotter are needed")
	}
	connection, err := grpc.NewClient("unix://"+*address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, nil, err
	}
	return proxy.NewSnapshotter(snapshotsapi.NewSnapshotsClient(connection), name), connection.Close, nil
}
