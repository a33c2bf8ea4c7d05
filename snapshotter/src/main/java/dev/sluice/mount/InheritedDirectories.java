package dev.sluice.mount;

import dev.sluice.erofs.ErofsAttributes;
import dev.sluice.layer.PathBytes;
import dev.sluice.linux.FileStatus;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Directories that a layer's tar does not name take mode, owner, time and xattrs from the nearest lower layer that has something
 * at their path, as when containerd unpacks the layer; mode 0755 and root's otherwise, or if that something is no directory. The
 * layer's root takes only the owner of the root below.
 */
final class InheritedDirectories {
    private final Linux linux;
    private final RootedPath paths;

    InheritedDirectories(Linux linux) {
        this.linux = linux;
        this.paths = new RootedPath(linux);
    }

    /**
     * Which metadata image of a layer fits on top of given lower layers; made if it is not there. The caller holds the layer's
     * lock.
     *
     * @param lowerDirectories the topmost first
     * @return empty for the layer's own
     */
    Optional<String> variant(LayerDirectory directory, LayerRecord record, List<Path> lowerDirectories)
            throws IOException {
        Map<String, ErofsAttributes> inherited = new LinkedHashMap<>();
        for (String path : record.missingDirectories()) {
            Optional<ErofsAttributes> attributes =
                    path.isEmpty() ? rootOwner(lowerDirectories) : attributes(path, lowerDirectories);
            attributes.filter(a -> !isDefault(a)).ifPresent(a -> inherited.put(path, a));
        }
        if (inherited.isEmpty()) {
            return Optional.empty();
        }
        String variant = digest(inherited);
        Path image = directory.metadata(Optional.of(variant));
        if (!Files.exists(image)) {
            Path temporary = image.resolveSibling(image.getFileName() + ".tmp");
            Files.deleteIfExists(temporary);
            MetadataImage.rewrite(directory.metadata(Optional.empty()), temporary, inherited);
            Files.move(temporary, image, StandardCopyOption.ATOMIC_MOVE);
        }
        return Optional.of(variant);
    }

    private Optional<ErofsAttributes> attributes(String path, List<Path> lowerDirectories) throws IOException {
        for (Path lower : lowerDirectories) {
            Optional<RootedPath.Found> found =
                    paths.find(lower.toString().getBytes(StandardCharsets.UTF_8), PathBytes.encode(path));
            if (found.isPresent()) {
                return found.get().status().isDirectory() ? Optional.of(attributes(found.get())) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private ErofsAttributes attributes(RootedPath.Found found) throws IOException {
        Map<String, byte[]> xattrs = new TreeMap<>();
        for (String name : linux.xattrs().list(found.path())) {
            if (!name.startsWith("trusted.")) {
                linux.xattrs().get(found.path(), name).ifPresent(value -> xattrs.put(name, value));
            }
        }
        FileStatus status = found.status();
        return new ErofsAttributes(
                status.permissions(), status.uid(), status.gid(), status.mtimeSeconds(), status.mtimeNanos(), xattrs);
    }

    private Optional<ErofsAttributes> rootOwner(List<Path> lowerDirectories) throws IOException {
        if (lowerDirectories.isEmpty()) {
            return Optional.empty();
        }
        FileStatus below = linux.lstat(lowerDirectories.get(0));
        return Optional.of(new ErofsAttributes(0755, below.uid(), below.gid(), 0, 0, Map.of()));
    }

    private static boolean isDefault(ErofsAttributes a) {
        return a.equals(MetadataImage.UNNAMED_DIRECTORY);
    }

    private static String digest(Map<String, ErofsAttributes> inherited) {
        MessageDigest digest = LayerId.sha256();
        inherited.forEach((path, a) -> {
            update(digest, PathBytes.encode(path));
            digest.update(ByteBuffer.allocate(24)
                    .putInt(a.mode())
                    .putInt(a.uid())
                    .putInt(a.gid())
                    .putLong(a.mtimeSeconds())
                    .putInt(a.mtimeNanos())
                    .flip());
            new TreeMap<>(a.xattrs()).forEach((name, value) -> {
                update(digest, name.getBytes(StandardCharsets.UTF_8));
                update(digest, value);
            });
        });
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    private static void update(MessageDigest digest, byte[] bytes) {
        digest.update(ByteBuffer.allocate(4).putInt(bytes.length).flip());
        digest.update(bytes);
    }
}
