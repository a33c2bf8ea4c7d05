package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What containerd's configuration says: its file, and what that imports, merged as containerd does it. What none of them says is
 * absent.
 *
 * @param file the one that containerd is started with
 * @param version of the file's format; 1 if it says none
 * @param root the merged contents
 */
record ContainerdConfiguration(Path file, int version, JsonNode root) {
    private static final int MAX_FILES = 1000;
    private static final String PLUGINS = "plugins";
    private static final String PROXY_PLUGINS = "proxy_plugins";

    ContainerdConfiguration {
        requireNonNull(file, "file is null");
        requireNonNull(root, "root is null");
    }

    /**
     * Reads the file. One that is not there says nothing, as for containerd.
     *
     * @param wholeSections whether the section of a plugin replaces that of an earlier file, as in containerd 1.x, or adds to it
     * @throws InvalidConfigException if it, or a file that it imports, cannot be read or is not TOML
     */
    static ContainerdConfiguration read(Path file, boolean wholeSections) throws InvalidConfigException {
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        if (!Files.exists(file)) {
            return new ContainerdConfiguration(file, 1, merged);
        }
        JsonNode first = TomlFile.read(file);
        Set<Path> seen = new HashSet<>();
        Deque<Path> pending = new ArrayDeque<>(List.of(file));
        while (!pending.isEmpty()) {
            Path next = pending.remove();
            if (!seen.add(next)) {
                continue;
            }
            if (seen.size() > MAX_FILES) {
                throw new InvalidConfigException(file + " imports more than " + MAX_FILES + " files");
            }
            JsonNode contents = next.equals(file) ? first : TomlFile.read(next);
            merge(merged, contents, wholeSections);
            for (JsonNode pattern : contents.path("imports")) {
                pending.addAll(matches(next, pattern.asText()));
            }
        }
        return new ContainerdConfiguration(file, first.path("version").asInt(1), merged);
    }

    /** The section of a plugin; missing if there is none. */
    JsonNode plugin(String uri) {
        return root.path(PLUGINS).path(uri);
    }

    /** Sections of proxy plugins by name. */
    Set<Map.Entry<String, JsonNode>> proxyPlugins() {
        return root.path(PROXY_PLUGINS).properties();
    }

    /** Whether a plugin is switched off. */
    boolean disables(String uri) {
        for (JsonNode disabled : root.path("disabled_plugins")) {
            if (disabled.asText().equals(uri)) {
                return true;
            }
        }
        return false;
    }

    private static void merge(ObjectNode into, JsonNode from, boolean wholeSections) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            JsonNode before = into.path(key);
            if (before instanceof ObjectNode sections && value.isObject()) {
                boolean whole = key.equals(PROXY_PLUGINS) || (key.equals(PLUGINS) && wholeSections);
                if (whole) {
                    value.properties().forEach(section -> sections.set(section.getKey(), section.getValue()));
                } else {
                    add(sections, value);
                }
            } else if (before instanceof ArrayNode list && value.isArray()) {
                value.forEach(list::add);
            } else {
                into.set(key, value.deepCopy());
            }
        }
    }

    /** Tables are merged; everything else, lists too, is replaced. */
    private static void add(ObjectNode into, JsonNode from) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            if (into.path(entry.getKey()) instanceof ObjectNode table
                    && entry.getValue().isObject()) {
                add(table, entry.getValue());
            } else {
                into.set(entry.getKey(), entry.getValue().deepCopy());
            }
        }
    }

    /** The files that an import names, in order. */
    private static List<Path> matches(Path importing, String pattern) throws InvalidConfigException {
        Path path = importing.resolveSibling(pattern).normalize();
        if (pattern.indexOf('*') < 0) {
            return List.of(path);
        }
        Path directory = path;
        int depth = 0;
        while (directory.toString().indexOf('*') >= 0) {
            directory = requireNonNull(directory.getParent(), "an absolute path has a parent without a star");
            depth++;
        }
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        PathMatcher matcher = path.getFileSystem().getPathMatcher("glob:" + path);
        try (Stream<Path> files = Files.find(directory, depth, (candidate, attributes) -> matcher.matches(candidate))) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new InvalidConfigException("Tried to find " + path + " but failed because: " + e.getMessage(), e);
        }
    }
}
