package dev.sluice.e2e.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Images that are there in every form: what is awkward, and something that runs. */
public enum FormsImage {
    /** Files of all sizes, and a program that reads from many files. */
    PYTHON {
        @Override
        public List<List<TarEntry>> layers() throws IOException {
            return and(TortureImage.fewerFiles(), HostPython.layer());
        }

        @Override
        public List<String> command() {
            return List.of(
                    HostPython.PROGRAM,
                    "-S",
                    "-c",
                    "import json, zlib; print(json.dumps({'crc': zlib.crc32(open('/sizes/65537', 'rb').read())}))");
        }
    },
    /** The same without what some makers refuse. */
    FRAIL {
        @Override
        public List<List<TarEntry>> layers() throws IOException {
            return and(TortureImage.forFrailMakers(TortureImage.fewerFiles()), HostPython.layer());
        }

        @Override
        public List<String> command() {
            return PYTHON.command();
        }
    },
    /** For machines on which that takes long, and all makers. */
    BUSYBOX {
        @Override
        public List<List<TarEntry>> layers() throws IOException {
            List<List<TarEntry>> layers = and(
                    TortureImage.forFrailMakers(TortureImage.smallLayers()),
                    List.of(TarEntry.file("not read by the container", notRead())));
            List<TarEntry> top = List.of(
                    TarEntry.directory("bin"),
                    TarEntry.executable("bin/busybox", Files.readAllBytes(Path.of("/usr/bin/busybox"))),
                    TarEntry.directory("dev"),
                    TarEntry.directory("proc"),
                    TarEntry.directory("sys"));
            return and(layers, top);
        }

        @Override
        public List<String> command() {
            return List.of("/bin/busybox", "sha256sum", "/sizes/65537");
        }
    };

    /** Entries of each layer, the lowest first; the files of the topmost one are this machine's. */
    public abstract List<List<TarEntry>> layers() throws IOException;

    /** What a container does: reads one file to its end, and prints a line with a checksum of it. */
    public abstract List<String> command();

    private static byte[] notRead() {
        byte[] bytes = new byte[8 << 20];
        new Random(8).nextBytes(bytes);
        return bytes;
    }

    private static List<List<TarEntry>> and(List<List<TarEntry>> layers, List<TarEntry> top) {
        List<List<TarEntry>> all = new ArrayList<>(layers);
        all.add(top);
        return List.copyOf(all);
    }
}
