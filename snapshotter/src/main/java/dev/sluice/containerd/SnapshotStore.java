package dev.sluice.containerd;

import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.snapshots.ListSnapshotsRequest;
import dev.sluice.proto.containerd.snapshots.ListSnapshotsResponse;
import dev.sluice.proto.containerd.snapshots.RemoveSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What containerd keeps in its snapshotters, one view per namespace. Safe for use by many threads. */
public final class SnapshotStore {
    private final ContainerdClient client;

    SnapshotStore(ContainerdClient client) {
        this.client = client;
    }

    /**
     * Asks for the snapshots of one snapshotter, which has to answer if it is a proxy plugin.
     *
     * @return parents by key; empty text for none
     * @throws ContainerdException if containerd does not answer in time, or does not know the snapshotter
     */
    public Map<String, String> list(String namespace, String snapshotter, Duration timeout) throws ContainerdException {
        ListSnapshotsRequest request =
                ListSnapshotsRequest.newBuilder().setSnapshotter(snapshotter).build();
        return client.call(
                        "list the snapshots of " + snapshotter,
                        namespace,
                        timeout,
                        SnapshotsGrpc::newBlockingStub,
                        stub -> parents(stub.list(request)))
                .orElse(Map.of());
    }

    /**
     * Removes a snapshot; does nothing if there is none.
     *
     * @throws ContainerdException if containerd does not answer in time or refuses, as it does if others stand on it
     */
    public void remove(String namespace, String snapshotter, String key, Duration timeout) throws ContainerdException {
        RemoveSnapshotRequest request = RemoveSnapshotRequest.newBuilder()
                .setSnapshotter(snapshotter)
                .setKey(key)
                .build();
        var unused = client.call(
                "remove snapshot " + key,
                namespace,
                timeout,
                SnapshotsGrpc::newBlockingStub,
                stub -> stub.remove(request));
    }

    private static Map<String, String> parents(Iterator<ListSnapshotsResponse> responses) {
        Map<String, String> parents = new LinkedHashMap<>();
        while (responses.hasNext()) {
            List<Info> infos = responses.next().getInfoList();
            infos.forEach(info -> parents.put(info.getName(), info.getParent()));
        }
        return parents;
    }
}
