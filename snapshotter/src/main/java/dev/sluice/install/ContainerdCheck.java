package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.Requirement.Level;
import dev.sluice.install.Requirement.Part;
import dev.sluice.install.Requirement.Restart;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds what containerd's configuration lacks for its clients to pull lazily, and the setting that brings it. */
public final class ContainerdCheck {
    static final String NAME = "sluice";
    static final String PROXY_PLUGINS = "proxy_plugins";
    static final String PLUGINS = "plugins";

    private static final String LABELS = "enable_remote_snapshot_annotations";
    private static final String EXPORTS = "exports";
    private static final String CAPABILITIES = "capabilities";
    private static final String REMAP = "remap-ids";
    private static final String TYPE = "type";
    private static final String ADDRESS = "address";
    private static final String SNAPSHOT = "snapshot";

    private final ContainerdConfiguration configuration;
    private final Optional<ContainerdVersion> version;
    private final Optional<RunningContainerd> running;
    private final Path socket;

    /**
     * @param version of the containerd that is to read the configuration; empty if nobody knows
     * @param running empty if containerd does not answer
     * @param socket the one that Sluice serves containerd on
     */
    public ContainerdCheck(
            ContainerdConfiguration configuration,
            Optional<ContainerdVersion> version,
            Optional<RunningContainerd> running,
            Path socket) {
        this.configuration = configuration;
        this.version = version;
        this.running = running;
        this.socket = socket;
    }

    /** What is there and what is missing. */
    public List<Requirement> requirements() {
        Optional<String> configured = configuredName();
        Optional<String> known = running.flatMap(containerd -> containerd.nameOf(socket));
        if (configured.isEmpty() && known.isPresent()) {
            return List.of(new Requirement(
                    Part.PROXY_PLUGIN,
                    Level.NOTE,
                    "the running containerd knows Sluice as " + known.get() + ", but not from " + configuration.file()
                            + ": name the file that it was started with by --containerd-config, to have the rest"
                            + " checked",
                    Optional.empty()));
        }
        List<Requirement> requirements = new ArrayList<>();
        requirements.add(proxyPlugin(configured, known));
        String name = configured.orElse(NAME);
        OptionalInt major = major();
        if (major.orElse(2) >= 2) {
            requirements.add(new TransferCheck(configuration, version, name)
                    .requirement(major.isPresent() ? Level.PROBLEM : Level.NOTE));
            if (configured.isPresent()) {
                requirements.add(imageLabels(name));
                if (major.isPresent()) {
                    requirements.add(userNamespaces(name));
                }
            }
        } else if (version.filter(ContainerdVersion::transfers).isPresent() && configuration.version() >= 2) {
            requirements.add(new TransferCheck(configuration, version, name).requirement(Level.NOTE));
        }
        requirements.add(new CriCheck(configuration, version, name, major.orElse(1) >= 2).requirement());
        return requirements;
    }

    /** The name under which the configuration knows Sluice; the one that it would get if it does not. */
    String name() {
        return configuredName().orElse(NAME);
    }

    /** As said, else as far as the file tells. */
    private OptionalInt major() {
        if (version.isPresent()) {
            return OptionalInt.of(version.get().major());
        }
        return configuration.version() >= CriCheck.ONLY_2 ? OptionalInt.of(2) : OptionalInt.empty();
    }

    private Optional<String> configuredName() {
        return configuration.proxyPlugins().stream()
                .filter(plugin -> plugin.getValue().path(TYPE).asText().equals(SNAPSHOT))
                .filter(plugin -> address(plugin.getValue())
                        .filter(socket.toString()::equals)
                        .isPresent())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static Optional<String> address(JsonNode plugin) {
        return Optional.of(plugin.path(ADDRESS).asText())
                .map(RunningContainerd::path)
                .filter(address -> !address.isEmpty());
    }

    private Requirement proxyPlugin(Optional<String> configured, Optional<String> known) {
        if (configured.isPresent() && (known.isPresent() || running.isEmpty())) {
            return Requirement.met(
                    Part.PROXY_PLUGIN, configuration.file() + " names " + socket + " as " + configured.get());
        }
        if (configured.isPresent()) {
            return new Requirement(
                    Part.PROXY_PLUGIN,
                    Level.PROBLEM,
                    configuration.file() + " names " + socket + ", but the running containerd does not know it: it was"
                            + " started before that, or with another file",
                    Optional.of(new Restart()));
        }
        JsonNode named = configuration.root().path(PROXY_PLUGINS).path(NAME);
        List<String> table = List.of(PROXY_PLUGINS, NAME);
        ObjectNode entries = JsonNodeFactory.instance.objectNode();
        if (!named.isObject()) {
            entries.put(TYPE, SNAPSHOT).put(ADDRESS, socket.toString());
            entries.putObject(EXPORTS).put(LABELS, "true");
            if (major().orElse(1) >= 2) {
                entries.putArray(CAPABILITIES).add(REMAP);
            }
            return Requirement.missing(
                    Part.PROXY_PLUGIN,
                    Level.PROBLEM,
                    configuration.file() + " does not name Sluice: no client can use it",
                    new Setting.Put(table, entries));
        }
        if (!named.path(TYPE).asText().equals(SNAPSHOT)) {
            return Requirement.missing(
                    Part.PROXY_PLUGIN,
                    Level.PROBLEM,
                    configuration.file() + " does not say that the proxy plugin " + NAME + " is a snapshotter",
                    new Setting.Put(table, entries.put(TYPE, SNAPSHOT)));
        }
        return Requirement.missing(
                Part.PROXY_PLUGIN,
                Level.PROBLEM,
                configuration.file() + " names "
                        + address(named).map(text -> "the address " + text).orElse("no address")
                        + ", but Sluice serves "
                        + socket,
                new Setting.Put(table, entries.put(ADDRESS, socket.toString())));
    }

    private Requirement imageLabels(String name) {
        JsonNode exports = plugin(name).path(EXPORTS);
        if (exports.path(LABELS).asText().equals("true")) {
            return Requirement.met(Part.IMAGE_LABELS, "the transfer service says which image it pulls");
        }
        return Requirement.missing(
                Part.IMAGE_LABELS,
                Level.NOTE,
                "the transfer service does not say which image it pulls: Sluice then finds images of registries on"
                        + " ports of their own only if its registry.hosts names them",
                new Setting.Put(
                        List.of(PROXY_PLUGINS, name, EXPORTS),
                        JsonNodeFactory.instance.objectNode().put(LABELS, "true")));
    }

    private Requirement userNamespaces(String name) {
        List<JsonNode> present = new ArrayList<>();
        plugin(name).path(CAPABILITIES).forEach(present::add);
        JsonNode remap = JsonNodeFactory.instance.textNode(REMAP);
        if (present.contains(remap)) {
            return Requirement.met(Part.USER_NAMESPACES, "containers with user namespaces share the layers");
        }
        return Requirement.missing(
                Part.USER_NAMESPACES,
                Level.NOTE,
                "a container with user namespaces gets a copy of the image, for which all of it is fetched",
                new Setting.Append(List.of(PROXY_PLUGINS, name), CAPABILITIES, present, List.of(remap)));
    }

    private JsonNode plugin(String name) {
        return configuration.root().path(PROXY_PLUGINS).path(name);
    }
}
