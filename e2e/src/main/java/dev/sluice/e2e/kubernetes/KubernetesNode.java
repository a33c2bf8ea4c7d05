package dev.sluice.e2e.kubernetes;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.FreePort;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SystemdMachine;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A machine with systemd that is a node: Debian's containerd, and a kubelet as a unit. Its pods are on this machine's network.
 *
 * @param name in the cluster
 */
public record KubernetesNode(String name, SystemdMachine machine) {
    /** Where {@link SystemdMachine.Settings#mounts} has to have the directory of the program. */
    public static final String PROGRAMS = "/opt/kubernetes";

    private static final Duration JOIN = Duration.ofMinutes(3);

    /** What kubelet wants of the kernel, and would set for the whole machine. */
    private static final Map<String, String> TUNABLES = Map.of(
            "vm/overcommit_memory", "1",
            "vm/panic_on_oom", "0",
            "kernel/panic", "10",
            "kernel/panic_on_oops", "1",
            "kernel/keys/root_maxkeys", "1000000",
            "kernel/keys/root_maxbytes", "25000000");

    /**
     * Starts containerd and kubelet, and waits until the node is ready for pods.
     *
     * @param sandboxImage what pods are held by
     */
    public static KubernetesNode join(ControlPlane plane, SystemdMachine machine, String name, String sandboxImage)
            throws IOException {
        KubernetesNode node = new KubernetesNode(name, machine);
        node.prepareKernel();
        // Each pod gets a copy.
        machine.write("/etc/hosts", "127.0.0.1 localhost " + name + "\n");
        machine.write("/etc/resolv.conf", "");
        node.configureContainerd(sandboxImage);
        node.configureKubelet(plane.kubeconfig(name));
        machine.run("systemctl", "restart", "containerd.service");
        machine.start("kubelet.service");
        Command ready = plane.kubectl("wait", "--for=condition=Ready", "node/" + name, "--timeout=5s");
        if (!Poll.until(JOIN, () -> ready.runForResult().exitCode() == 0)) {
            throw new IOException(
                    "Tried to see the node ready but failed because: " + machine.journal("kubelet.service"));
        }
        return node;
    }

    /**
     * What a container of a pod has said so far, all of its runs; what it cannot be asked through the API server, to which this node has no
     * address.
     */
    public String log(String namespace, String pod, String container) throws IOException {
        String files = "/var/log/pods/%s_%s_*/%s/*.log".formatted(namespace, pod, container);
        return machine.run("sh", "-c", "cat " + files + " 2> /dev/null || true")
                .stdout()
                .lines()
                // Time, stream, and whether the line is whole stand before it.
                .map(line -> line.split(" ", 4))
                .map(parts -> parts[parts.length - 1])
                .collect(Collectors.joining("\n"));
    }

    private void prepareKernel() throws IOException {
        machine.run("mount", "--make-rshared", "/");
        machine.run("mknod", "-m", "600", "/dev/kmsg", "c", "1", "11");
        for (Map.Entry<String, String> tunable : TUNABLES.entrySet()) {
            String file = "/run/tunables/" + tunable.getKey().replace('/', '.');
            machine.write(file, tunable.getValue() + "\n");
            machine.run("mount", "--bind", file, "/proc/sys/" + tunable.getKey());
        }
    }

    private void configureContainerd(String sandboxImage) throws IOException {
        machine.write("/etc/containerd/config.toml", """
                # This node's own settings.
                version = 2

                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "%s"
                  # Not even root may lower it in some containers.
                  restrict_oom_score_adj = true
                """.formatted(sandboxImage));
        // No pod has a network of its own; a node without any is never ready.
        machine.write("/etc/cni/net.d/10-none.conflist", """
                {"cniVersion": "0.4.0", "name": "none", "plugins": [{"type": "loopback"}]}
                """);
    }

    private void configureKubelet(String kubeconfig) throws IOException {
        machine.write("/etc/kubernetes/kubelet.conf", kubeconfig);
        machine.write("/etc/kubernetes/kubelet.yaml", """
                apiVersion: kubelet.config.k8s.io/v1beta1
                kind: KubeletConfiguration
                containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
                address: 127.0.0.1
                port: %d
                healthzPort: 0
                # The API server of the tests has no certificate for kubelets; nobody else can reach this one.
                authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
                authorization: {mode: AlwaysAllow}
                # The control groups of this machine are those of version 1.
                failCgroupV1: false
                cgroupDriver: cgroupfs
                cgroupsPerQOS: false
                enforceNodeAllocatable: []
                failSwapOn: false
                makeIPTablesUtilChains: false
                localStorageCapacityIsolation: false
                volumePluginDir: /var/lib/kubelet/volume-plugins
                serializeImagePulls: false
                syncFrequency: 5s
                evictionHard: {memory.available: 1Mi}
                imageGCHighThresholdPercent: 100
                """.formatted(FreePort.find()));
        machine.write("/etc/systemd/system/kubelet.service", """
                [Unit]
                After=containerd.service

                [Service]
                ExecStart=%s/kubernetes kubelet --config=/etc/kubernetes/kubelet.yaml \
                --kubeconfig=/etc/kubernetes/kubelet.conf --hostname-override=%s --node-ip=127.0.0.1
                Restart=on-failure
                """.formatted(PROGRAMS, name));
        machine.run("systemctl", "daemon-reload");
    }
}
