package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Replaces files so that whoever opens one sees it whole, before and after a crash. Mode and owner stay; symbolic links, too. */
final class AtomicFile {
    private static final Set<PosixFilePermission> USUAL = PosixFilePermissions.fromString("rw-r--r--");
    private static final String BESIDE = ".sluice-new";

    private AtomicFile() {}

    /**
     * Writes a file, in the place of the one that is there.
     *
     * @param permissions of a new one
     */
    static void write(Path path, String text, Set<PosixFilePermission> permissions) throws IOException {
        Path file = Files.exists(path) ? path.toRealPath() : path;
        Path directory = requireNonNull(file.getParent(), "a file has a directory");
        Path beside = directory.resolve(file.getFileName() + BESIDE);
        try {
            Files.deleteIfExists(beside);
            try (FileChannel channel = FileChannel.open(
                    beside,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                adopt(file, beside, permissions);
                channel.force(true);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            sync(directory);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** As everybody may read. */
    static void write(Path path, String text) throws IOException {
        write(path, text, USUAL);
    }

    static void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
        sync(requireNonNull(path.getParent(), "a file has a directory"));
    }

    private static void adopt(Path from, Path to, Set<PosixFilePermission> otherwise) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(to, PosixFileAttributeView.class);
        if (!Files.exists(from)) {
            view.setPermissions(otherwise);
            return;
        }
        PosixFileAttributes attributes = Files.readAttributes(from, PosixFileAttributes.class);
        view.setOwner(attributes.owner());
        view.setGroup(attributes.group());
        view.setPermissions(attributes.permissions());
    }

    private static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
