package dev.sluice.node;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A text file on the host that belongs to Sluice's pods, which its first line says. What somebody else has put there is never changed.
 *
 * @param path as the host sees it
 */
record HostFile(NodeHost host, String path) {
    static final String MARK = "# Written by Sluice's pod on this node, which will write it again.\n";

    /** @throws IOException if there is a file that is not ours */
    void requireOurs() throws IOException {
        if (host.has(path) && !isOurs()) {
            throw new IOException(
                    path + " on the host was not put there by Sluice's pods, so it stays as it is: remove it, or keep"
                            + " these pods away from this node");
        }
    }

    private boolean isOurs() throws IOException {
        Path file = host.file(path);
        return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                && Files.readString(file).startsWith(MARK);
    }

    /**
     * Puts the text there, whole or not at all.
     *
     * @return whether it was another one before
     */
    boolean write(String text) throws IOException {
        requireOurs();
        Path file = host.file(path);
        String marked = MARK + text;
        if (Files.exists(file) && Files.readString(file).equals(marked)) {
            return false;
        }
        Path directory = file.resolveSibling(".");
        Files.createDirectories(directory);
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        Files.deleteIfExists(temporary);
        Files.createFile(temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));
        Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
        Files.writeString(temporary, marked, StandardCharsets.UTF_8);
        force(temporary);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return true;
    }

    /** Removes it, if it is ours. */
    void remove() throws IOException {
        if (host.has(path) && isOurs()) {
            Files.delete(host.file(path));
        }
    }

    /** Its bytes are on the disk, also after a power failure. */
    static void force(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
