// Command cri does to containerd what a kubelet does, through the same API: it pulls an image, runs a container of it in a pod on the
// host's network, and removes the image.
//
//	cri SOCKET pull IMAGE                        shows CRI_USERNAME and CRI_PASSWORD, if they are in the environment
//	cri SOCKET run IMAGE COMMAND [ARGUMENT...]   prints what the container says
//	cri SOCKET rmi IMAGE
//	cri pause                                    is what the pod's sandbox runs
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	timeout  = 4 * time.Minute
	interval = 20 * time.Millisecond
	logFile  = "log"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "pause" {
		pause()
		return
	}
	if len(os.Args) < 4 {
		fail(fmt.Errorf("usage: cri SOCKET pull|run|rmi IMAGE [COMMAND...]"))
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if err := do(ctx, os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "cri:", err)
	os.Exit(1)
}

func pause() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	<-signals
}

func do(ctx context.Context, socket, verb, image string, command []string) error {
	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	images := cri.NewImageServiceClient(connection)
	spec := &cri.ImageSpec{Image: image}
	switch verb {
	case "pull":
		_, err = images.PullImage(ctx, &cri.PullImageRequest{Image: spec, Auth: auth()})
	case "run":
		err = run(ctx, cri.NewRuntimeServiceClient(connection), spec, command)
	case "rmi":
		_, err = images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: spec})
	default:
		err = fmt.Errorf("no such verb: %s", verb)
	}
	return err
}

func auth() *cri.AuthConfig {
	user, known := os.LookupEnv("CRI_USERNAME")
	if !known {
		return nil
	}
	return &cri.AuthConfig{Username: user, Password: os.Getenv("CRI_PASSWORD")}
}

// run leaves no pod behind.
func run(ctx context.Context, runtime cri.RuntimeServiceClient, image *cri.ImageSpec, command []string) (err error) {
	logs, err := os.MkdirTemp("", "cri")
	if err != nil {
		return err
	}
	defer os.RemoveAll(logs)
	pod := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: "pod", Namespace: "default", Uid: "pod"},
		LogDirectory: logs,
		Linux: &cri.LinuxPodSandboxConfig{SecurityContext: &cri.LinuxSandboxSecurityContext{
			NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE},
		}},
	}
	sandbox, err := runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod})
	if err != nil {
		return fmt.Errorf("run the sandbox: %w", err)
	}
	defer func() {
		_, stopped := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: sandbox.PodSandboxId})
		_, removed := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: sandbox.PodSandboxId})
		for _, failure := range []error{stopped, removed} {
			if err == nil {
				err = failure
			}
		}
	}()
	container, err := runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  sandbox.PodSandboxId,
		SandboxConfig: pod,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: "container"},
			Image:    image,
			Command:  command,
			LogPath:  logFile,
			Linux: &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{
				NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE},
			}},
		},
	})
	if err != nil {
		return fmt.Errorf("create the container: %w", err)
	}
	if _, err := runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: container.ContainerId}); err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	code, err := exitCode(ctx, runtime, container.ContainerId)
	if err != nil {
		return err
	}
	if err := printLog(filepath.Join(logs, logFile)); err != nil {
		return err
	}
	if code != 0 {
		return fmt.Errorf("the container ended with exit code %d", code)
	}
	return nil
}

func exitCode(ctx context.Context, runtime cri.RuntimeServiceClient, id string) (int32, error) {
	for {
		answer, err := runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return 0, fmt.Errorf("ask for the container: %w", err)
		}
		if answer.Status.State == cri.ContainerState_CONTAINER_EXITED {
			return answer.Status.ExitCode, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(interval):
		}
	}
}

// printLog prints a log in CRI's format, "TIME STREAM F|P TEXT", without all but the text.
func printLog(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, line := range strings.SplitAfter(string(data), "\n") {
		fields := strings.SplitN(line, " ", 4)
		if len(fields) != 4 {
			continue
		}
		out := os.Stdout
		if fields[1] == "stderr" {
			out = os.Stderr
		}
		text := fields[3]
		if fields[2] == "P" {
			text = strings.TrimSuffix(text, "\n")
		}
		if _, err := fmt.Fprint(out, text); err != nil {
			return err
		}
	}
	return nil
}
