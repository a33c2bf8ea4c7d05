package dev.sluice.snapshot;

import static dev.sluice.snapshot.SnapshotException.failedPrecondition;

import dev.sluice.mount.LazyLayers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Which mounts show a snapshot. Safe for use by many threads. */
final class OverlayMounts {
    /** Most lower directories of one overlay in the kernel. */
    static final int MAX_LOWERS = 500;

    /** mount(2) takes one page, and containerd keeps a reserve of its own before it shortens paths. */
    static final int MAX_OPTIONS = 4096 - 64;

    private static final Path INDEX_PARAMETER = Path.of("/sys/module/overlay/parameters/index");

    private final SnapshotDirectories directories;
    private final LazyLayers layers;
    private final boolean kernelHasIndex;

    OverlayMounts(SnapshotDirectories directories, LazyLayers layers) {
        this.directories = directories;
        this.layers = layers;
        this.kernelHasIndex = Files.exists(INDEX_PARAMETER);
    }

    /**
     * The directories of committed snapshots as lower directories of an overlay, the topmost first. One that repeats is listed at
     * its topmost place alone: overlayfs refuses it twice, and what lies below is hidden by it anyway.
     *
     * @param committed the topmost first
     * @throws IOException if a lazy layer cannot be mounted
     */
    List<Path> lowers(List<Snapshot> committed) throws IOException {
        Set<Path> lowers = new LinkedHashSet<>();
        for (Snapshot snapshot : committed) {
            lowers.add(
                    snapshot.layer().isPresent()
                            ? layers.directory(snapshot.layer().get())
                            : directories.contents(snapshot.id()));
        }
        return List.copyOf(lowers);
    }

    /**
     * The mounts of an active snapshot or a view. The last one is writable if and only if the snapshot is active: a read-only one
     * would tell containerd that there is nothing to unpack.
     *
     * @param lowers the directories of the snapshots below, the topmost first
     * @param idMap how the lowers are to be shifted; the snapshot's own directory belongs to the right users as it is
     * @throws SnapshotException if these are more than an overlay takes
     */
    List<MountSpec> mounts(Snapshot snapshot, List<Path> lowers, Optional<IdMap> idMap) throws SnapshotException {
        long id = snapshot.id();
        if (snapshot.kind() == Kind.ACTIVE) {
            return List.of(
                    lowers.isEmpty() ? bind(directories.contents(id), "rw") : overlay(lowers, Optional.of(id), idMap));
        }
        return List.of(
                switch (lowers.size()) {
                    case 0 -> bind(directories.contents(id), "ro");
                    case 1 -> bind(lowers.get(0), "ro");
                    default -> overlay(lowers, Optional.empty(), idMap);
                });
    }

    /**
     * How the lowers of a snapshot are to be shifted. A client of a containerd that was not told of our capability {@code remap-ids}
     * asks for the same, but has shifted a copy of the files by itself before; then there is nothing left to do.
     *
     * @throws SnapshotException if the labels are malformed
     */
    Optional<IdMap> idMap(Map<String, String> labels, List<Path> lowers) throws SnapshotException, IOException {
        Optional<IdMap> idMap = IdMap.of(labels);
        if (idMap.isPresent() && !lowers.isEmpty()) {
            int owner = (int) Files.getAttribute(lowers.get(0), "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (owner != 0 && owner == idMap.get().hostUid(0)) {
                return Optional.empty();
            }
        }
        return idMap;
    }

    private static MountSpec bind(Path source, String access) {
        return new MountSpec("bind", source.toString(), List.of(access, "rbind"));
    }

    private MountSpec overlay(List<Path> lowers, Optional<Long> upper, Optional<IdMap> idMap) throws SnapshotException {
        List<String> options = new ArrayList<>();
        idMap.ifPresent(map -> options.addAll(map.mountOptions()));
        if (kernelHasIndex) {
            // Else an upper directory is tied to its lower ones, and those change their paths with every remount.
            options.add("index=off");
        }
        upper.ifPresent(id -> {
            options.add("workdir=" + directories.work(id));
            options.add("upperdir=" + directories.contents(id));
        });
        requireFits(lowers, options);
        options.add("lowerdir="
                + String.join(":", lowers.stream().map(Path::toString).toList()));
        return new MountSpec("overlay", "overlay", options);
    }

    /** containerd mounts from the directory that all lower ones have in common if the options are too long otherwise. */
    private static void requireFits(List<Path> lowers, List<String> others) throws SnapshotException {
        if (lowers.size() > MAX_LOWERS) {
            throw failedPrecondition(
                    "the image has " + lowers.size() + " layers, and an overlay at most " + MAX_LOWERS);
        }
        int common =
                commonDirectory(lowers).map(path -> bytes(path.toString()) + 1).orElse(0);
        int length = bytes("lowerdir=") + lowers.size() - 1;
        for (Path lower : lowers) {
            length += bytes(lower.toString()) - common;
        }
        for (String option : others) {
            length += bytes(option) + 1;
        }
        if (length > MAX_OPTIONS) {
            throw failedPrecondition("the image has " + lowers.size() + " layers, whose paths take " + length
                    + " bytes of mount options, and the kernel takes " + MAX_OPTIONS);
        }
    }

    private static Optional<Path> commonDirectory(List<Path> paths) {
        Optional<Path> common = Optional.ofNullable(paths.get(0).getParent());
        for (Path path : paths) {
            while (common.isPresent() && !path.startsWith(common.get())) {
                common = Optional.ofNullable(common.get().getParent());
            }
        }
        return common.filter(path -> path.getNameCount() > 0);
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
