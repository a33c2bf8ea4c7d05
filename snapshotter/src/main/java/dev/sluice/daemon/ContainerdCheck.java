package dev.sluice.daemon;

import static java.util.stream.Collectors.joining;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Fix;
import dev.sluice.daemon.DoctorReport.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** Finds what containerd's configuration lacks for its clients to pull lazily, and the line that brings it. */
final class ContainerdCheck {
    private static final String NAME = "sluice";
    private static final String TRANSFER = "io.containerd.transfer.v1.local";
    private static final String UNPACK = "unpack_config";
    private static final String LABELS = "enable_remote_snapshot_annotations";
    private static final String CRI = "io.containerd.grpc.v1.cri";
    private static final String CRI_IMAGES = "io.containerd.cri.v1.images";
    private static final String CRI_VERSION_1 = "cri";
    private static final String SNAPSHOTTER = "snapshotter";
    private static final String NO_ANNOTATIONS = "disable_snapshot_annotations";
    private static final String DISCARD = "discard_unpacked_layers";
    private static final String LOCAL_PULL = "use_local_image_pull";
    private static final String NAMES_IMAGES = "pulls for Sluice, and says which image it is";
    /** The first version of the file's format that only containerd 2.x reads. */
    private static final int ONLY_2 = 3;

    private final ContainerdConfiguration configuration;
    private final Optional<RunningContainerd> running;
    private final Path socket;

    /**
     * @param running empty if containerd does not answer
     * @param socket the one that Sluice serves containerd on
     */
    ContainerdCheck(ContainerdConfiguration configuration, Optional<RunningContainerd> running, Path socket) {
        this.configuration = configuration;
        this.running = running;
        this.socket = socket;
    }

    List<Finding> findings() {
        Optional<String> configured = configuredName();
        Optional<String> known = running.flatMap(containerd -> containerd.nameOf(socket));
        if (configured.isEmpty() && known.isPresent()) {
            return List.of(new Finding(
                    "containerd: proxy plugin",
                    Level.NOTE,
                    "the running containerd knows Sluice as " + known.get() + ", but not from " + configuration.file()
                            + ": name the file that it was started with by --containerd-config, to have the rest"
                            + " checked"));
        }
        List<Finding> findings = new ArrayList<>();
        findings.add(proxyPlugin(configured, known));
        String name = configured.orElse(NAME);
        OptionalInt major = major();
        if (major.orElse(2) >= 2) {
            Level level = major.isPresent() ? Level.PROBLEM : Level.NOTE;
            findings.add(transferService(name, level));
            if (configured.isPresent()) {
                findings.add(imageLabels(name));
            }
        }
        findings.add(cri(name, major));
        return findings;
    }

    /** Of the running containerd, else as far as the file tells. */
    private OptionalInt major() {
        if (running.isPresent() && running.get().major() > 0) {
            return OptionalInt.of(running.get().major());
        }
        return configuration.version() >= ONLY_2 ? OptionalInt.of(2) : OptionalInt.empty();
    }

    private Optional<String> configuredName() {
        return configuration.proxyPlugins().stream()
                .filter(plugin -> plugin.getValue().path("type").asText().equals("snapshot"))
                .filter(plugin -> address(plugin.getValue())
                        .filter(socket.toString()::equals)
                        .isPresent())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static Optional<String> address(JsonNode plugin) {
        return Optional.of(plugin.path("address").asText())
                .map(RunningContainerd::path)
                .filter(address -> !address.isEmpty());
    }

    private Finding proxyPlugin(Optional<String> configured, Optional<String> known) {
        String subject = "containerd: proxy plugin";
        if (configured.isPresent() && (known.isPresent() || running.isEmpty())) {
            return new Finding(
                    subject, Level.OK, configuration.file() + " names " + socket + " as " + configured.get());
        }
        if (configured.isPresent()) {
            return new Finding(
                    subject,
                    Level.PROBLEM,
                    configuration.file() + " names " + socket + ", but the running containerd does not know it: it was"
                            + " started before that, or with another file",
                    Optional.of(new Fix("in a shell", "systemctl restart containerd")));
        }
        JsonNode named = configuration.root().path("proxy_plugins").path(NAME);
        if (!named.isObject()) {
            return new Finding(
                    subject,
                    Level.PROBLEM,
                    configuration.file() + " does not name Sluice: no client can use it",
                    Optional.of(under(
                            "proxy_plugins",
                            NAME + " = { type = \"snapshot\", address = " + quote(socket.toString()) + ", exports = { "
                                    + LABELS + " = \"true\" } }")));
        }
        if (!named.path("type").asText().equals("snapshot")) {
            return new Finding(
                    subject,
                    Level.PROBLEM,
                    configuration.file() + " does not say that the proxy plugin " + NAME + " is a snapshotter",
                    Optional.of(under("proxy_plugins." + NAME, "type = \"snapshot\"")));
        }
        return new Finding(
                subject,
                Level.PROBLEM,
                configuration.file() + " names "
                        + address(named).map(text -> "the address " + text).orElse("no address")
                        + ", but Sluice serves "
                        + socket,
                Optional.of(under("proxy_plugins." + NAME, "address = " + quote(socket.toString()))));
    }

    private Finding transferService(String name, Level otherwise) {
        String subject = "containerd: transfer service";
        JsonNode targets = configuration.plugin(TRANSFER).path(UNPACK);
        for (JsonNode target : targets) {
            if (target.path(SNAPSHOTTER).asText().equals(name)) {
                return new Finding(subject, Level.OK, "ctr and kubelets on containerd 2.x pull lazily through it");
            }
        }
        List<String> lines = new ArrayList<>();
        targets.forEach(target -> lines.add(target(target)));
        if (lines.isEmpty()) {
            lines.add(target("overlayfs"));
        }
        lines.add(target(name));
        return new Finding(
                subject,
                otherwise,
                "it does not unpack for " + name + ": what ctr and kubelets on containerd 2.x pull is not lazy, and"
                        + " nothing says so",
                Optional.of(under(
                        "plugins.\"" + TRANSFER + "\"",
                        lines.stream().collect(joining(", ", UNPACK + " = [", "]"))
                                + (targets.isEmpty() ? "" : " # instead of those that are there"))));
    }

    private static String target(String snapshotter) {
        return "{ platform = \"linux\", snapshotter = " + quote(snapshotter) + " }";
    }

    /** A target as it was, on one line. */
    private static String target(JsonNode table) {
        return table.properties().stream()
                .map(entry -> entry.getKey() + " = " + entry.getValue())
                .collect(joining(", ", "{ ", " }"));
    }

    private Finding imageLabels(String name) {
        String subject = "containerd: image labels";
        JsonNode exports = configuration.root().path("proxy_plugins").path(name).path("exports");
        if (exports.path(LABELS).asText().equals("true")) {
            return new Finding(subject, Level.OK, "the transfer service says which image it pulls");
        }
        return new Finding(
                subject,
                Level.NOTE,
                "the transfer service does not say which image it pulls: Sluice then finds images of registries on"
                        + " ports of their own only if its registry.hosts names them",
                Optional.of(under("proxy_plugins." + name + ".exports", LABELS + " = \"true\"")));
    }

    private Finding cri(String name, OptionalInt major) {
        if (configuration.disables(CRI)
                || configuration.disables(CRI_IMAGES)
                || configuration.disables(CRI_VERSION_1)) {
            return new Finding("containerd: CRI", Level.OK, "is off: no kubelet pulls through this containerd");
        }
        return major.orElse(1) >= 2 ? criOf2(name) : criOf1(name);
    }

    private Finding criOf1(String name) {
        String plugin = configuration.version() >= 2 ? CRI : CRI_VERSION_1;
        String table = "plugins.\"" + plugin + "\".containerd";
        JsonNode settings = configuration.plugin(plugin).path("containerd");
        if (!settings.path(SNAPSHOTTER).asText().equals(name)) {
            return otherSnapshotter(name, table, "");
        }
        return settings.path(NO_ANNOTATIONS).asBoolean(true) ? noAnnotations(table) : criOk(NAMES_IMAGES);
    }

    private Finding criOf2(String name) {
        String table = "plugins.\"" + CRI_IMAGES + "\"";
        JsonNode images = configuration.plugin(CRI_IMAGES);
        JsonNode old = configuration.plugin(CRI).path("containerd");
        // containerd takes these settings over from older files, but only beside runtimes.
        boolean takenOver = configuration.version() < ONLY_2 && old.has("runtimes");
        JsonNode snapshotter = takenOver && old.has(SNAPSHOTTER) ? old.path(SNAPSHOTTER) : images.path(SNAPSHOTTER);
        if (!snapshotter.asText().equals(name)) {
            boolean ignored = old.path(SNAPSHOTTER).asText().equals(name);
            return otherSnapshotter(
                    name,
                    table,
                    ignored
                            ? "; containerd 2.x ignores the snapshotter of [plugins.\"" + CRI + "\".containerd]"
                                    + (configuration.version() < ONLY_2 ? " without runtimes there" : "")
                            : "");
        }
        boolean silent = setting(NO_ANNOTATIONS, takenOver, old, images, true);
        boolean discards = setting(DISCARD, takenOver, old, images, false);
        if (silent && discards) {
            return new Finding(
                    "containerd: CRI",
                    Level.NOTE,
                    DISCARD + " keeps CRI from the transfer service, and its own way of pulling does not say which"
                            + " image it pulls",
                    Optional.of(under(takenOver ? "plugins.\"" + CRI + "\".containerd" : table, DISCARD + " = false")));
        }
        if (silent && images.path(LOCAL_PULL).asBoolean(false)) {
            return noAnnotations(takenOver ? "plugins.\"" + CRI + "\".containerd" : table);
        }
        boolean local = !silent || discards;
        return criOk(local ? NAMES_IMAGES : "pulls for Sluice, through the transfer service");
    }

    private static boolean setting(String key, boolean takenOver, JsonNode old, JsonNode images, boolean otherwise) {
        JsonNode chosen = takenOver && old.has(key) ? old : images;
        return chosen.path(key).asBoolean(otherwise);
    }

    private Finding otherSnapshotter(String name, String table, String why) {
        return new Finding(
                "containerd: CRI",
                Level.NOTE,
                "kubelets pull for another snapshotter than " + name + why,
                Optional.of(under(table, SNAPSHOTTER + " = " + quote(name))));
    }

    private Finding noAnnotations(String table) {
        return new Finding(
                "containerd: CRI",
                Level.NOTE,
                "it does not say which image a kubelet pulls: Sluice then finds images of registries on ports of their"
                        + " own only if its registry.hosts names them",
                Optional.of(under(table, NO_ANNOTATIONS + " = false")));
    }

    private static Finding criOk(String how) {
        return new Finding("containerd: CRI", Level.OK, how);
    }

    private Fix under(String table, String line) {
        return new Fix("under [" + table + "] in " + configuration.file(), line);
    }

    /** A JSON string is a TOML basic string. */
    private static String quote(String text) {
        return JsonNodeFactory.instance.textNode(text).toString();
    }
}
