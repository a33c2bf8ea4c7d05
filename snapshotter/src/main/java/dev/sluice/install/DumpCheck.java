package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Holds what containerd makes of its configuration against what was meant. */
final class DumpCheck {
    /** Sections that a version of the file's format has moved elsewhere. */
    private static final Set<String> MOVED = Set.of("io.containerd.cri.v1.images", "io.containerd.grpc.v1.cri", "cri");

    private static final String IMAGES_KEY = "snapshotter";
    private static final String ANNOTATIONS = "disable_snapshot_annotations";

    private DumpCheck() {}

    /** A step whose value is not there. */
    static Optional<String> missing(JsonNode dump, InstallPlan plan) {
        for (FileChange change : plan.changes()) {
            for (Step step : change.steps()) {
                if (!isThere(dump, step)) {
                    return Optional.of(TomlText.key(step.path()) + " = " + TomlText.of(step.value()));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isThere(JsonNode dump, Step step) {
        if (step.path().get(0).equals(ContainerdCheck.PLUGINS)
                && MOVED.contains(step.path().get(1))) {
            String key = step.path().get(step.path().size() - 1);
            JsonNode plugins = dump.path(ContainerdCheck.PLUGINS);
            JsonNode images = plugins.path("io.containerd.cri.v1.images");
            JsonNode old = plugins.path("io.containerd.grpc.v1.cri").path("containerd");
            JsonNode oldest = plugins.path("cri").path("containerd");
            return List.of(images, old, oldest).stream()
                    .anyMatch(section -> section.path(key).equals(step.value()));
        }
        if (step.path().get(0).equals(ContainerdCheck.PROXY_PLUGINS)
                && !Set.of("type", "address").contains(step.path().get(2))) {
            // containerd 1.6 passes over what it does not know.
            return true;
        }
        JsonNode node = at(dump, step.path());
        if (step.kind() == Step.Kind.APPEND) {
            return contains(node, step.value());
        }
        if (step.value().isArray()) {
            for (JsonNode element : step.value()) {
                if (!contains(node, element)) {
                    return false;
                }
            }
            return true;
        }
        return node.equals(step.value());
    }

    /** containerd shows keys that nobody has written, too. */
    private static boolean contains(JsonNode array, JsonNode wanted) {
        for (JsonNode element : array) {
            boolean same = element.equals(wanted);
            if (wanted.isObject()) {
                same = wanted.properties().stream()
                        .allMatch(entry -> element.path(entry.getKey()).equals(entry.getValue()));
            }
            if (same) {
                return true;
            }
        }
        return false;
    }

    /** Something that has changed and was not meant to. */
    static Optional<String> other(ObjectNode before, ObjectNode after, InstallPlan plan) {
        ObjectNode one = withoutOurs(before, plan);
        ObjectNode other = withoutOurs(after, plan);
        return firstDifference(new ArrayList<>(), one, other);
    }

    private static ObjectNode withoutOurs(ObjectNode dump, InstallPlan plan) {
        ObjectNode rest = dump.deepCopy();
        // What it lists as imports are the files that it has read.
        rest.remove(List.of("imports", "version"));
        for (FileChange change : plan.changes()) {
            for (Step step : change.steps()) {
                boolean moved = step.path().get(0).equals(ContainerdCheck.PLUGINS)
                        && MOVED.contains(step.path().get(1));
                List<String> path = step.path().get(0).equals(ContainerdCheck.PROXY_PLUGINS)
                        ? step.path().subList(0, 2)
                        : step.path();
                if (moved) {
                    withoutCri(rest);
                } else if (at(rest, path.subList(0, path.size() - 1)) instanceof ObjectNode table) {
                    table.remove(path.get(path.size() - 1));
                }
            }
        }
        if (rest.path(ContainerdCheck.PROXY_PLUGINS).isEmpty()) {
            rest.remove(ContainerdCheck.PROXY_PLUGINS);
        }
        return rest;
    }

    private static void withoutCri(ObjectNode dump) {
        JsonNode plugins = dump.path(ContainerdCheck.PLUGINS);
        for (JsonNode section : List.of(
                plugins.path("io.containerd.cri.v1.images"),
                plugins.path("io.containerd.grpc.v1.cri").path("containerd"),
                plugins.path("cri").path("containerd"))) {
            if (section instanceof ObjectNode table) {
                table.remove(List.of(IMAGES_KEY, ANNOTATIONS));
            }
        }
    }

    private static Optional<String> firstDifference(List<String> path, JsonNode one, JsonNode other) {
        if (one.equals(other)) {
            return Optional.empty();
        }
        if (one.isObject() && other.isObject()) {
            Set<String> keys = new TreeSet<>();
            one.fieldNames().forEachRemaining(keys::add);
            other.fieldNames().forEachRemaining(keys::add);
            for (String key : keys) {
                List<String> deeper = new ArrayList<>(path);
                deeper.add(key);
                Optional<String> difference = firstDifference(deeper, one.path(key), other.path(key));
                if (difference.isPresent()) {
                    return difference;
                }
            }
        }
        return Optional.of(TomlText.key(path));
    }

    private static JsonNode at(JsonNode root, List<String> path) {
        JsonNode node = root;
        for (String part : path) {
            node = node.path(part);
        }
        return node;
    }
}
