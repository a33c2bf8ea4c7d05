package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlDocument;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What containerd's configuration says: its file, and what that imports, merged as containerd does it. What none of them says is
 * absent.
 *
 * @param file the one that containerd is started with
 * @param version of the file's format; 1 if it says none
 * @param root the merged contents
 * @param parts the files that are there, in the order in which they are merged
 */
public record ContainerdConfiguration(Path file, int version, JsonNode root, List<Part> parts) {
    private static final int MAX_FILES = 1000;
    private static final String PLUGINS = "plugins";
    private static final String PROXY_PLUGINS = "proxy_plugins";

    public ContainerdConfiguration {
        requireNonNull(file, "file is null");
        requireNonNull(root, "root is null");
        parts = List.copyOf(parts);
    }

    /** One of its files. */
    public record Part(Path file, TomlDocument document) {
        public Part {
            requireNonNull(file, "file is null");
            requireNonNull(document, "document is null");
        }

        int version() {
            return document.root().path("version").asInt(1);
        }
    }

    /**
     * Reads the file. One that is not there says nothing, as for containerd.
     *
     * @param wholeSections whether the section of a plugin replaces that of an earlier file, as in containerd 1.x, or adds to it
     * @throws InvalidContainerdConfigException if it, or a file that it imports, cannot be read or is not TOML
     */
    public static ContainerdConfiguration read(Path file, boolean wholeSections)
            throws InvalidContainerdConfigException {
        return read(file, wholeSections, ConfigFiles.of(Host.HERE));
    }

    /** @param files where it looks */
    static ContainerdConfiguration read(Path file, boolean wholeSections, ConfigFiles files)
            throws InvalidContainerdConfigException {
        ObjectNode merged = JsonNodeFactory.instance.objectNode();
        List<Part> parts = new ArrayList<>();
        Set<Path> seen = new HashSet<>();
        Deque<Path> pending = new ArrayDeque<>(List.of(file));
        while (!pending.isEmpty()) {
            Path next = pending.remove();
            if (!seen.add(next)) {
                continue;
            }
            if (seen.size() > MAX_FILES) {
                throw new InvalidContainerdConfigException(file + " imports more than " + MAX_FILES + " files");
            }
            Optional<TomlDocument> document = files.read(next);
            if (document.isEmpty()) {
                if (next.equals(file)) {
                    break;
                }
                throw new InvalidContainerdConfigException(
                        "Tried to read the configuration " + next + " but there is no such file");
            }
            parts.add(new Part(next, document.get()));
            ObjectNode contents = document.get().root();
            merge(merged, contents, wholeSections);
            for (JsonNode pattern : contents.path("imports")) {
                pending.addAll(ConfigImports.of(next, pattern.asText()).files(files));
            }
        }
        int version = parts.isEmpty() ? 1 : parts.get(0).version();
        return new ContainerdConfiguration(file, version, merged, parts);
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
    static void add(ObjectNode into, JsonNode from) {
        for (Map.Entry<String, JsonNode> entry : from.properties()) {
            if (into.path(entry.getKey()) instanceof ObjectNode table
                    && entry.getValue().isObject()) {
                add(table, entry.getValue());
            } else {
                into.set(entry.getKey(), entry.getValue().deepCopy());
            }
        }
    }
}
