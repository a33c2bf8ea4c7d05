package dev.sluice.mount;

import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import dev.sluice.mount.ImageMounts.ImageMount;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Objects;

/** Fuzzes {@code image-mounts.json}: what is read is the same when it is written and read again; a damaged one is put aside. */
public final class ImageMountsFuzz {
    private static final ScratchFile FILE = ScratchFile.named("image-mounts.json");

    private ImageMountsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        ImageMountFile file = new ImageMountFile(FILE.with(data));
        List<ImageMount> mounts;
        try {
            mounts = file.read();
        } catch (IOException e) {
            Require.that(
                    Objects.requireNonNull(e.getMessage()).contains(" version "), "only another version is refused");
            return;
        }
        Require.that(Files.exists(file.path()) || mounts.isEmpty(), "mounts of a damaged file");
        file.write(mounts);
        Require.equal(mounts, file.read(), "not the same when read again");
    }
}
