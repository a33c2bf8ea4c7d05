package dev.sluice.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContainerdException;
import dev.sluice.containerd.StoredContainer;
import dev.sluice.containerd.StoredImage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Who uses Sluice on this node, as containerd knows it, and what it remembers of Sluice. Blocking. */
final class ContainerdUse {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final int MAX_MANIFEST = 8 << 20;
    private static final int MAX_IMAGE_PARTS = 1000;

    private static final String UNPACKED_IN = "containerd.io/gc.ref.snapshot.";
    private static final String POD_UID = "io.kubernetes.pod.uid";
    private static final String POD_NAMESPACE = "io.kubernetes.pod.namespace";
    private static final String POD_NAME = "io.kubernetes.pod.name";

    private final ContainerdClient containerd;
    private final ObjectMapper json = new ObjectMapper();

    ContainerdUse(ContainerdClient containerd) {
        this.containerd = containerd;
    }

    /** @throws ContainerdException unless containerd knows Sluice, and Sluice answers it */
    void check() throws ContainerdException {
        var unused = containerd.snapshots().list("k8s.io", HostLayout.SNAPSHOTTER, CALL);
    }

    /** Whether containerd was started with Sluice in its configuration. */
    boolean isKnown() throws ContainerdException {
        return containerd.introspection().plugins(List.of("type==io.containerd.snapshotter.v1"), CALL).stream()
                .anyMatch(plugin -> plugin.id().equals(HostLayout.SNAPSHOTTER));
    }

    /**
     * Whose file systems are Sluice's: pods as {@code namespace/name}, other containers as {@code namespace of containerd/ID}. Sorted, each
     * once.
     *
     * @param besides UID of a pod that does not count
     */
    List<String> users(Optional<String> besides) throws ContainerdException {
        List<String> users = new ArrayList<>();
        for (String namespace : containerd.containers().namespaces(CALL)) {
            for (StoredContainer container : containerd.containers().list(namespace, HostLayout.SNAPSHOTTER, CALL)) {
                Map<String, String> labels = container.labels();
                if (besides.isEmpty() || !besides.get().equals(labels.get(POD_UID))) {
                    users.add(
                            labels.containsKey(POD_NAME)
                                    ? "pod " + labels.getOrDefault(POD_NAMESPACE, "") + "/" + labels.get(POD_NAME)
                                    : "container " + namespace + "/" + container.id());
                }
            }
        }
        return users.stream().sorted().distinct().toList();
    }

    /**
     * Takes the names of images away whose layers containerd does not have, since Sluice had them: nobody else could start them, and whoever
     * wants one pulls it again.
     *
     * @return their names
     */
    List<String> forgetImagesWithoutLayers() throws IOException {
        List<String> forgotten = new ArrayList<>();
        for (String namespace : containerd.containers().namespaces(CALL)) {
            for (StoredImage image : containerd.images().list(namespace, List.of(), CALL)) {
                if (lacksLayers(namespace, image.targetDigest())) {
                    containerd.images().delete(namespace, image.name(), CALL);
                    forgotten.add(image.name());
                }
            }
        }
        return forgotten;
    }

    /** Of an index only the images count that were pulled for Sluice, and for nobody else. */
    private boolean lacksLayers(String namespace, String target) throws IOException {
        Deque<String> open = new ArrayDeque<>(List.of(target));
        Set<String> seen = new HashSet<>();
        while (!open.isEmpty() && seen.size() < MAX_IMAGE_PARTS) {
            String digest = open.pop();
            Optional<byte[]> bytes = seen.add(digest)
                    ? containerd.content().read(namespace, digest, MAX_MANIFEST, CALL)
                    : Optional.empty();
            if (bytes.isEmpty()) {
                continue;
            }
            JsonNode document = json.readTree(bytes.get());
            document.path("manifests")
                    .forEach(part -> open.push(part.path("digest").asText()));
            if (isSluicesAlone(namespace, document.path("config"))) {
                for (JsonNode layer : document.path("layers")) {
                    if (!has(namespace, layer)) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** containerd writes at the configuration of an image in which snapshotters its layers are unpacked. */
    private boolean isSluicesAlone(String namespace, JsonNode configuration) throws ContainerdException {
        String digest = configuration.path("digest").asText();
        Set<String> snapshotters = new HashSet<>();
        if (!digest.isEmpty()) {
            containerd
                    .content()
                    .info(namespace, digest, CALL)
                    .ifPresent(info -> info.labels().keySet().stream()
                            .filter(label -> label.startsWith(UNPACKED_IN))
                            .forEach(label -> snapshotters.add(label.substring(UNPACKED_IN.length()))));
        }
        return snapshotters.equals(Set.of(HostLayout.SNAPSHOTTER));
    }

    private boolean has(String namespace, JsonNode descriptor) throws ContainerdException {
        String digest = descriptor.path("digest").asText();
        return !digest.isEmpty()
                && containerd.content().info(namespace, digest, CALL).isPresent();
    }

    /** Makes containerd forget all that it has in Sluice, each snapshot before that which it stands on. */
    void removeSnapshots() throws IOException {
        for (String namespace : containerd.containers().namespaces(CALL)) {
            Map<String, String> parents = containerd.snapshots().list(namespace, HostLayout.SNAPSHOTTER, CALL);
            while (!parents.isEmpty()) {
                Set<String> inner = Set.copyOf(parents.values());
                Set<String> leaves = parents.keySet().stream()
                        .filter(key -> !inner.contains(key))
                        .collect(Collectors.toSet());
                if (leaves.isEmpty()) {
                    throw new IOException("containerd says that each snapshot stands on another one");
                }
                for (String leaf : leaves) {
                    containerd.snapshots().remove(namespace, HostLayout.SNAPSHOTTER, leaf, CALL);
                }
                parents = containerd.snapshots().list(namespace, HostLayout.SNAPSHOTTER, CALL);
            }
        }
    }
}
