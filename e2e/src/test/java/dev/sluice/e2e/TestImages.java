package dev.sluice.e2e;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.FormsImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Images that several tests share, so that each is made once. */
final class TestImages {

    /** A minimal Debian with Python on top, in two layers. */
    static final DebianImage PYTHON =
            new DebianImage("debian-python", List.of(List.of("ca-certificates"), List.of("python3")));

    /** Prints {@code hello}, and loads a little of the standard library for it. */
    static final List<String> PYTHON_HELLO = List.of("python3", "-c", "import json; print(json.loads('\"hello\"'))");

    private TestImages() {}

    /** Makes them where they can be made, for tests that then run where they can only be read. */
    public static void main(String[] arguments) throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            Estargz.build(PYTHON, bed.directory("i"));
            CachefilesIT.makeImages(bed);
            CachefilesDiskIT.makeImages(bed);
            BackendFiguresIT.makeImage(bed);
            ColdFiles.makeImage(bed);
            FormsBed.prepare(FormsImage.BUSYBOX);
            Path unused = CachefilesKillIT.makeImage(bed);
        }
    }
}
