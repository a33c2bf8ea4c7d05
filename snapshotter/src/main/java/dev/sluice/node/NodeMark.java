package dev.sluice.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.kubernetes.KubernetesClient;
import dev.sluice.kubernetes.KubernetesClient.PatchType;
import dev.sluice.kubernetes.KubernetesException;
import java.io.IOException;
import java.util.Optional;

/** Label and taint of a node that say whether Sluice works there. */
final class NodeMark {
    static final String LABEL = "dev.sluice/ready";
    static final String TAINT = "dev.sluice/not-ready";

    private static final int CONFLICT = 409;
    private static final int TRIES = 5;

    private final KubernetesClient kubernetes;
    private final String path;

    /** @param node its name */
    NodeMark(KubernetesClient kubernetes, String node) {
        this.kubernetes = kubernetes;
        this.path = "api/v1/nodes/" + node;
    }

    /**
     * Makes the node say so, and changes nothing if it does.
     *
     * @param label whether it has the label
     * @param taint whether it has the taint
     */
    void set(boolean label, boolean taint) throws IOException {
        for (int attempt = 1; ; attempt++) {
            Optional<ObjectNode> patch = patch(kubernetes.get(path), label, taint);
            if (patch.isEmpty()) {
                return;
            }
            try {
                var unused = kubernetes.patch(path, PatchType.MERGE, patch.get());
                return;
            } catch (KubernetesException e) {
                // Somebody else has changed the node since it was read.
                if (e.status() != CONFLICT || attempt == TRIES) {
                    throw e;
                }
            }
        }
    }

    /**
     * What makes a node say so: a merge patch, which counts only for the node as it was read. Taints are one list, which is replaced as a
     * whole.
     *
     * @return empty if it does
     */
    static Optional<ObjectNode> patch(JsonNode node, boolean label, boolean taint) {
        ObjectNode patch = JsonNodeFactory.instance.objectNode();
        JsonNode labels = node.path("metadata").path("labels");
        if (label != labels.path(LABEL).asText().equals("true") || (!label && labels.has(LABEL))) {
            ObjectNode changed = patch.withObject("/metadata/labels");
            if (label) {
                changed.put(LABEL, "true");
            } else {
                changed.putNull(LABEL);
            }
        }
        ArrayNode taints = JsonNodeFactory.instance.arrayNode();
        boolean tainted = false;
        for (JsonNode one : node.path("spec").path("taints")) {
            if (one.path("key").asText().equals(TAINT)) {
                tainted = true;
            } else {
                taints.add(one);
            }
        }
        if (tainted != taint) {
            if (taint) {
                taints.addObject().put("key", TAINT).put("effect", "NoSchedule");
            }
            patch.withObject("/spec").set("taints", taints);
        }
        if (patch.isEmpty()) {
            return Optional.empty();
        }
        patch.withObject("/metadata")
                .set("resourceVersion", node.path("metadata").path("resourceVersion"));
        return Optional.of(patch);
    }
}
