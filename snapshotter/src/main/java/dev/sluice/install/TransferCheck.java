package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.install.Requirement.Level;
import dev.sluice.install.Requirement.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether containerd's transfer service unpacks for Sluice.
 *
 * @param version empty if nobody knows
 * @param name of the snapshotter
 */
record TransferCheck(ContainerdConfiguration configuration, Optional<ContainerdVersion> version, String name) {
    private static final String TRANSFER = "io.containerd.transfer.v1.local";
    private static final String UNPACK = "unpack_config";
    private static final String SNAPSHOTTER = "snapshotter";
    private static final String PLATFORM = "platform";
    private static final String DIFFER = "differ";
    private static final String EROFS = "erofs";

    /** @param otherwise how bad it is if not */
    Requirement requirement(Level otherwise) {
        JsonNode targets = configuration.plugin(TRANSFER).path(UNPACK);
        List<JsonNode> present = new ArrayList<>();
        targets.forEach(present::add);
        if (present.stream()
                .anyMatch(target -> target.path(SNAPSHOTTER).asText().equals(name))) {
            return Requirement.met(Part.TRANSFER_SERVICE, "ctr and kubelets on containerd 2.x pull lazily through it");
        }
        List<JsonNode> more = targets.isMissingNode() ? defaults() : new ArrayList<>();
        more.add(target(name));
        return Requirement.missing(
                Part.TRANSFER_SERVICE,
                otherwise,
                "it does not unpack for " + name + ": what ctr and kubelets on containerd 2.x pull is not lazy, and"
                        + " nothing says so",
                new Setting.Append(List.of(ContainerdCheck.PLUGINS, TRANSFER), UNPACK, present, more));
    }

    /** What containerd does without any target: naming one replaces them. */
    private List<JsonNode> defaults() {
        List<JsonNode> targets = new ArrayList<>(List.of(target("overlayfs")));
        if (version.filter(ContainerdVersion::unpacksErofs).isPresent()) {
            targets.add(JsonNodeFactory.instance
                    .objectNode()
                    .put(PLATFORM, "linux(+erofs)/" + architecture())
                    .put(SNAPSHOTTER, EROFS)
                    .put(DIFFER, EROFS)
                    .put("optional", true));
        }
        return targets;
    }

    private static JsonNode target(String snapshotter) {
        return JsonNodeFactory.instance.objectNode().put(PLATFORM, "linux").put(SNAPSHOTTER, snapshotter);
    }

    /** As Go calls it. */
    private static String architecture() {
        String here = System.getProperty("os.arch", "amd64");
        return switch (here) {
            case "x86_64" -> "amd64";
            case "aarch64" -> "arm64";
            default -> here;
        };
    }
}
