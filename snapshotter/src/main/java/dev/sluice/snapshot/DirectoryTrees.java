package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.util.UUID;

/** Deletes what containers wrote: names of any bytes, symbolic links to anywhere, trees deeper than any path may be long. */
final class DirectoryTrees {
    /** A directory this deep is moved to the top, so that neither paths nor open directories run out. */
    private static final int DEEP = 64;

    private DirectoryTrees() {}

    /**
     * Deletes a directory and all below it, and follows no symbolic link. What is gone already is no error.
     *
     * @throws IOException if something cannot be deleted
     */
    static void delete(Path directory) throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            if (!(stream instanceof SecureDirectoryStream<Path> top)) {
                throw new IOException("Tried to delete " + directory
                        + " but failed because: directories cannot be opened relative to each other here");
            }
            new Deletion(top).deleteAll();
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("Tried to delete " + directory + " but failed because: " + e.getMessage(), e);
        }
        Files.deleteIfExists(directory);
    }

    private static final class Deletion {
        private final SecureDirectoryStream<Path> top;
        private boolean moved;

        Deletion(SecureDirectoryStream<Path> top) {
            this.top = top;
        }

        /** Goes over the top again as long as deep directories were moved there. */
        void deleteAll() throws IOException {
            do {
                moved = false;
                try (SecureDirectoryStream<Path> again =
                        top.newDirectoryStream(Path.of("."), LinkOption.NOFOLLOW_LINKS)) {
                    deleteEntries(again, 0);
                }
            } while (moved);
        }

        private void deleteEntries(SecureDirectoryStream<Path> directory, int depth) throws IOException {
            for (Path entry : directory) {
                Path name = entry.getFileName();
                if (!isDirectory(directory, name)) {
                    directory.deleteFile(name);
                } else if (depth >= DEEP) {
                    directory.move(name, top, Path.of("deep-" + UUID.randomUUID()));
                    moved = true;
                } else {
                    try (SecureDirectoryStream<Path> below =
                            directory.newDirectoryStream(name, LinkOption.NOFOLLOW_LINKS)) {
                        deleteEntries(below, depth + 1);
                    }
                    directory.deleteDirectory(name);
                }
            }
        }

        private static boolean isDirectory(SecureDirectoryStream<Path> directory, Path name) throws IOException {
            return directory
                    .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes()
                    .isDirectory();
        }
    }
}
