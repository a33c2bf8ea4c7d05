package dev.sluice.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An EROFS image made by somebody else's tool, with the contents of its files on a device.
 *
 * @param metadata the image
 * @param blob the device, whole blocks of 4096 bytes
 */
public record MkfsErofs(Path metadata, Path blob) {
    /** Skips the test where such an image cannot be made or mounted as it is. */
    public static void assumeUsable() throws IOException {
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 12), "EROFS on regular files needs Linux 6.12");
        assumeInstalled();
    }

    /** Skips the test where such an image cannot be made. */
    public static void assumeInstalled() {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mkfs.erofs")), "mkfs.erofs is not installed");
    }

    /** Makes {@code meta.erofs} and {@code blob} in a directory. */
    public static MkfsErofs build(Path tree, Path directory) throws IOException, InterruptedException {
        MkfsErofs image = new MkfsErofs(directory.resolve("meta.erofs"), directory.resolve("blob"));
        Process mkfs = new ProcessBuilder(
                        "mkfs.erofs",
                        "--quiet",
                        "--blobdev=" + image.blob(),
                        "--chunksize=4096",
                        image.metadata().toString(),
                        tree.toString())
                .inheritIO()
                .start();
        assertThat(mkfs.waitFor()).isZero();
        return image;
    }
}
