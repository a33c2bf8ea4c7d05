package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fill.BootId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the next process has to know of a connection that is kept: text, one line for each number. It lies beside the mount point.
 *
 * @param path of the file
 */
record ConnectionFile(Path path) {
    private static final Logger log = LoggerFactory.getLogger(ConnectionFile.class);

    private static final String MAGIC = "sluice fuse connection 1";

    /**
     * The contents.
     *
     * @param boot the run of the kernel that it belongs to
     * @param device {@code major:minor} of the file system, which no other has as long as the connection is kept
     */
    record Contents(BootId boot, String device, FuseConnection connection) {}

    static ConnectionFile beside(Path mountPoint) {
        return new ConnectionFile(mountPoint.resolveSibling(mountPoint.getFileName() + ".connection"));
    }

    /** Empty if there is none, or it cannot be understood, which is logged. */
    Optional<Contents> read() throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(path, UTF_8);
        } catch (NoSuchFileException e) {
            log.debug("There is no {}", path, e);
            return Optional.empty();
        }
        try {
            if (lines.size() == 7 && lines.get(0).equals(MAGIC)) {
                return Optional.of(new Contents(
                        BootId.parse(value(lines.get(1), "boot")),
                        value(lines.get(2), "device"),
                        new FuseConnection(
                                Integer.parseInt(value(lines.get(3), "minor")),
                                Long.parseUnsignedLong(value(lines.get(4), "flags"), 16),
                                Integer.parseInt(value(lines.get(5), "max_readahead")),
                                Integer.parseInt(value(lines.get(6), "max_pages")))));
            }
            log.error("{} is damaged or of another version", path);
        } catch (IllegalArgumentException e) {
            log.error("{} is damaged", path, e);
        }
        return Optional.empty();
    }

    private static String value(String line, String name) {
        if (!line.startsWith(name + " ")) {
            throw new IllegalArgumentException("not " + name + ": " + line);
        }
        return line.substring(name.length() + 1);
    }

    /** Replaces the file in one step. */
    void write(Contents contents) throws IOException {
        Path unborn = path.resolveSibling(path.getFileName() + ".new");
        Files.write(
                unborn,
                List.of(
                        MAGIC,
                        "boot " + contents.boot().value(),
                        "device " + contents.device(),
                        "minor " + contents.connection().minor(),
                        "flags " + Long.toHexString(contents.connection().flags()),
                        "max_readahead " + contents.connection().maxReadahead(),
                        "max_pages " + contents.connection().maxPages()));
        Files.move(unborn, path, StandardCopyOption.ATOMIC_MOVE);
    }
}
