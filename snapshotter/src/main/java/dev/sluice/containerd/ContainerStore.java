package dev.sluice.containerd;

import dev.sluice.proto.containerd.containers.ContainersGrpc;
import dev.sluice.proto.containerd.containers.ListContainersRequest;
import dev.sluice.proto.containerd.namespaces.ListNamespacesRequest;
import dev.sluice.proto.containerd.namespaces.Namespace;
import dev.sluice.proto.containerd.namespaces.NamespacesGrpc;
import java.time.Duration;
import java.util.List;

/** containerd's containers, one view per namespace, and the namespaces. Safe for use by many threads. */
public final class ContainerStore {
    /** Each call names one, also that which asks for them. */
    private static final String ANY = "default";

    private final ContainerdClient client;

    ContainerStore(ContainerdClient client) {
        this.client = client;
    }

    /**
     * Names of all namespaces.
     *
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public List<String> namespaces(Duration timeout) throws ContainerdException {
        return client.<NamespacesGrpc.NamespacesBlockingStub, List<String>>call(
                        "list the namespaces",
                        ANY,
                        timeout,
                        NamespacesGrpc::newBlockingStub,
                        stub -> stub.list(ListNamespacesRequest.getDefaultInstance()).getNamespacesList().stream()
                                .map(Namespace::getName)
                                .toList())
                .orElse(List.of());
    }

    /**
     * The containers whose file systems a snapshotter has.
     *
     * @throws ContainerdException if containerd does not answer in time or refuses
     */
    public List<StoredContainer> list(String namespace, String snapshotter, Duration timeout)
            throws ContainerdException {
        return client.<ContainersGrpc.ContainersBlockingStub, List<StoredContainer>>call(
                        "list the containers of namespace " + namespace,
                        namespace,
                        timeout,
                        ContainersGrpc::newBlockingStub,
                        stub -> stub.list(ListContainersRequest.getDefaultInstance()).getContainersList().stream()
                                .filter(container -> container.getSnapshotter().equals(snapshotter))
                                .map(container -> new StoredContainer(
                                        container.getId(), container.getImage(), container.getLabelsMap()))
                                .toList())
                .orElse(List.of());
    }
}
