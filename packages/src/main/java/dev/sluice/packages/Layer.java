package dev.sluice.packages;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.DigestOutputStream;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * A layer in a layout.
 *
 * @param blob the gzip
 * @param diffId digest of the tar
 * @param comment for the image's history
 */
record Layer(Blob blob, String diffId, String comment) {
    private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";

    private static final int DIRECTORY = 0755;
    private static final int SHARED_DIRECTORY = 01777;
    private static final int EXECUTABLE = 0755;
    private static final int FILE = 0644;
    private static final int LINK = 0777;

    /**
     * Writes one. Owners are root, modes follow from whether a file can be executed, and all times are the same: nothing of the machine that
     * builds gets in.
     *
     * @param blobs directory of the layout's blobs
     * @param time of all entries
     */
    static Layer write(Path blobs, String comment, Instant time, List<LayerSource> sources) throws IOException {
        Path file = Files.createTempFile(blobs, "layer", ".tmp");
        DigestOutputStream tar;
        try (OutputStream out = Files.newOutputStream(file);
                GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            tar = Digest.of(gzip);
            try (TarArchiveOutputStream archive = new TarArchiveOutputStream(tar)) {
                archive.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
                Set<String> directories = new LinkedHashSet<>();
                for (LayerSource source : sources) {
                    addParents(archive, directories, source.target(), time);
                    for (Path path : source.paths()) {
                        add(archive, directories, source, path, time);
                    }
                }
            }
        }
        return new Layer(Blob.adopt(blobs, GZIP, file), Digest.text(tar.getMessageDigest()), comment);
    }

    private static void addParents(TarArchiveOutputStream archive, Set<String> directories, String target, Instant time)
            throws IOException {
        if (!target.isEmpty()) {
            int slash = target.lastIndexOf('/');
            if (slash > 0) {
                addParents(archive, directories, target.substring(0, slash), time);
            }
            addDirectory(archive, directories, target, time);
        }
    }

    private static void addDirectory(TarArchiveOutputStream archive, Set<String> directories, String name, Instant time)
            throws IOException {
        if (directories.add(name)) {
            put(archive, new TarArchiveEntry(name + "/"), name.equals("tmp") ? SHARED_DIRECTORY : DIRECTORY, time);
            archive.closeArchiveEntry();
        }
    }

    private static void add(
            TarArchiveOutputStream archive, Set<String> directories, LayerSource source, Path path, Instant time)
            throws IOException {
        Path file = source.directory().resolve(path);
        String name = source.nameOf(path);
        if (Files.isSymbolicLink(file)) {
            TarArchiveEntry link = new TarArchiveEntry(name, TarConstants.LF_SYMLINK);
            link.setLinkName(Files.readSymbolicLink(file).toString());
            put(archive, link, LINK, time);
        } else if (Files.isDirectory(file, NOFOLLOW_LINKS)) {
            addDirectory(archive, directories, name, time);
            return;
        } else {
            TarArchiveEntry entry = new TarArchiveEntry(name);
            entry.setSize(Files.size(file));
            put(archive, entry, Files.isExecutable(file) ? EXECUTABLE : FILE, time);
            Files.copy(file, archive);
        }
        archive.closeArchiveEntry();
    }

    private static void put(TarArchiveOutputStream archive, TarArchiveEntry entry, int mode, Instant time)
            throws IOException {
        entry.setMode(mode);
        entry.setIds(0, 0);
        entry.setNames("", "");
        entry.setModTime(FileTime.from(time));
        archive.putArchiveEntry(entry);
    }
}
