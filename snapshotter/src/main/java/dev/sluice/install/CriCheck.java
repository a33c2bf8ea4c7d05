package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.ContainerdConfiguration.Part;
import dev.sluice.install.Requirement.Level;
import java.util.List;
import java.util.Optional;

/**
 * Whether kubelets pull for Sluice.
 *
 * @param version empty if nobody knows
 * @param name of the snapshotter
 * @param is2 whether to take containerd for a 2.x
 */
record CriCheck(ContainerdConfiguration configuration, Optional<ContainerdVersion> version, String name, boolean is2) {
    /** The first version of the file's format that only containerd 2.x reads. */
    static final int ONLY_2 = 3;

    private static final String CRI = "io.containerd.grpc.v1.cri";
    private static final String CRI_IMAGES = "io.containerd.cri.v1.images";
    private static final String CRI_VERSION_1 = "cri";
    private static final String CONTAINERD = "containerd";
    private static final String RUNTIMES = "runtimes";
    private static final String SNAPSHOTTER = "snapshotter";
    private static final String NO_ANNOTATIONS = "disable_snapshot_annotations";
    private static final String DISCARD = "discard_unpacked_layers";
    private static final String LOCAL_PULL = "use_local_image_pull";
    private static final String NAMES_IMAGES = "pulls for Sluice, and says which image it is";
    private static final String REGISTRY = "registry";
    private static final String DOWNLOADS = "max_concurrent_downloads";
    private static final int USUAL_DOWNLOADS = 3;
    private static final String SYNC = "image_pull_with_sync_fs";
    private static final List<String> ALWAYS_MOVED = List.of(REGISTRY, DOWNLOADS, SYNC);
    private static final List<String> MOVED = List.of(SNAPSHOTTER, NO_ANNOTATIONS, DISCARD);

    Requirement requirement() {
        if (configuration.disables(CRI)
                || configuration.disables(CRI_IMAGES)
                || configuration.disables(CRI_VERSION_1)) {
            return ok("is off: no kubelet pulls through this containerd");
        }
        return is2 ? of2() : of1();
    }

    private Requirement of1() {
        List<String> table = old(configuration.version());
        JsonNode settings = at(configuration.root(), table);
        if (!settings.path(SNAPSHOTTER).asText().equals(name)) {
            return otherSnapshotter(table, "");
        }
        return settings.path(NO_ANNOTATIONS).asBoolean(true) ? noAnnotations(table) : ok(NAMES_IMAGES);
    }

    private Requirement of2() {
        List<String> table = List.of(ContainerdCheck.PLUGINS, CRI_IMAGES);
        JsonNode old = at(configuration.root(), old(configuration.version()));
        ObjectNode together = movedTogether();
        ObjectNode oneByOne = movedOneByOne();
        boolean first = together.path(SNAPSHOTTER).asText().equals(name);
        boolean second = oneByOne.path(SNAPSHOTTER).asText().equals(name);
        if (!first || !second) {
            // What is taken over from the old section goes over what the new one says.
            boolean takenOver = configuration.version() < ONLY_2
                    && old.has(RUNTIMES)
                    && old.has(SNAPSHOTTER)
                    && !old.path(SNAPSHOTTER).asText().equals(name);
            boolean ignored = old.path(SNAPSHOTTER).asText().equals(name);
            return otherSnapshotter(
                    takenOver ? old(configuration.version()) : table,
                    ignored
                            ? "; containerd 2.x ignores the snapshotter of [plugins.\"" + CRI + "\".containerd]"
                                    + (configuration.version() < ONLY_2 ? " without runtimes there" : "")
                            : "");
        }
        boolean silent = together.path(NO_ANNOTATIONS).asBoolean(true)
                || oneByOne.path(NO_ANNOTATIONS).asBoolean(true);
        boolean old2 = version.filter(known -> !known.criTransfers()).isPresent();
        boolean local = old2 || pullsItself(together) || pullsItself(oneByOne);
        if (silent && local) {
            boolean takenOver = configuration.version() < ONLY_2
                    && old.has(RUNTIMES)
                    && old.path(NO_ANNOTATIONS).asBoolean(false);
            return noAnnotations(takenOver ? old(configuration.version()) : table);
        }
        return ok(local || !silent ? NAMES_IMAGES : "pulls for Sluice, through the transfer service");
    }

    /** containerd 2.0 to 2.2 merge all files, and then take settings over from the old section, but only beside runtimes. */
    private ObjectNode movedTogether() {
        return moved(configuration.root(), configuration.version());
    }

    /** containerd 2.3 and later do that for each file, and then merge them. */
    private ObjectNode movedOneByOne() {
        ObjectNode images = JsonNodeFactory.instance.objectNode();
        for (Part part : configuration.parts()) {
            ContainerdConfiguration.add(images, moved(part.document().root(), part.version()));
        }
        return images;
    }

    /** containerd does not use the transfer service for CRI where that lacks something which is configured. */
    private static boolean pullsItself(JsonNode images) {
        JsonNode registry = images.path(REGISTRY);
        return images.path(LOCAL_PULL).asBoolean(false)
                || images.path(DISCARD).asBoolean(false)
                || images.path(SYNC).asBoolean(false)
                || images.path(DOWNLOADS).asInt(USUAL_DOWNLOADS) != USUAL_DOWNLOADS
                || !registry.path("mirrors").isEmpty()
                || !registry.path("configs").isEmpty()
                || !registry.path("auths").isEmpty();
    }

    private static ObjectNode moved(JsonNode root, int version) {
        ObjectNode images = JsonNodeFactory.instance.objectNode();
        if (root.path(ContainerdCheck.PLUGINS).path(CRI_IMAGES) instanceof ObjectNode section) {
            images.setAll(section.deepCopy());
        }
        if (version >= ONLY_2) {
            return images;
        }
        JsonNode old = at(root, old(version));
        JsonNode around = at(root, old(version).subList(0, 2));
        ALWAYS_MOVED.stream().filter(around::has).forEach(key -> images.set(key, around.path(key)));
        if (old.has(RUNTIMES)) {
            MOVED.stream().filter(old::has).forEach(key -> images.set(key, old.path(key)));
        }
        return images;
    }

    private static List<String> old(int version) {
        return List.of(ContainerdCheck.PLUGINS, version >= 2 ? CRI : CRI_VERSION_1, CONTAINERD);
    }

    private static JsonNode at(JsonNode root, List<String> path) {
        JsonNode node = root;
        for (String part : path) {
            node = node.path(part);
        }
        return node;
    }

    private Requirement otherSnapshotter(List<String> table, String why) {
        return Requirement.missing(
                Requirement.Part.CRI,
                Level.NOTE,
                "kubelets pull for another snapshotter than " + name + why,
                new Setting.Put(table, JsonNodeFactory.instance.objectNode().put(SNAPSHOTTER, name)));
    }

    private static Requirement noAnnotations(List<String> table) {
        return Requirement.missing(
                Requirement.Part.CRI,
                Level.NOTE,
                "it does not say which image a kubelet pulls: Sluice then finds images of registries on ports of their"
                        + " own only if its registry.hosts names them",
                new Setting.Put(table, JsonNodeFactory.instance.objectNode().put(NO_ANNOTATIONS, false)));
    }

    private static Requirement ok(String how) {
        return Requirement.met(Requirement.Part.CRI, how);
    }
}
