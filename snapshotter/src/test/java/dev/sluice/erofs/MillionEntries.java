package dev.sluice.erofs;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Writes a very large image; a program of its own, because the heap that it runs in is what is tested. */
final class MillionEntries {
    static final int DIRECTORIES = 20_000;
    static final int FILES_IN_EACH = 49;
    private static final int FILE_SIZE = 12_345;
    private static final int FILE_BLOCKS = 4;

    private MillionEntries() {}

    public static void main(String[] arguments) throws Exception {
        long start = System.nanoTime();
        long blocks = (long) DIRECTORIES * FILES_IN_EACH * FILE_BLOCKS;
        ErofsWriter writer = new ErofsWriter(ErofsOptions.forDevice(blocks, "data"));
        writer.directory(new byte[0], TestTree.PLAIN);
        byte[] shared = {1, 2, 3, 4};
        long block = 0;
        for (int i = 0; i < DIRECTORIES; i++) {
            String directory = "usr/share/package-" + i / 100 + "/directory-" + i;
            for (int j = 0; j < FILES_IN_EACH; j++) {
                String file = directory + "/some-file-name-" + (j * 31 % FILES_IN_EACH) + ".txt";
                Map<String, byte[]> xattrs = j == 0
                        ? Map.of(
                                "security.capability",
                                shared,
                                "user.own",
                                Integer.toString(i).getBytes(StandardCharsets.UTF_8))
                        : Map.of();
                ErofsAttributes attributes = TestTree.attributes(0644, i, j, 1_700_000_000L + i, j, xattrs);
                if (j % 10 == 9) {
                    writer.symlink(path(file), attributes, path("../some-other-directory/target-" + j));
                } else {
                    writer.file(path(file), attributes, FILE_SIZE, block * OnDisk.BLOCK);
                    block += FILE_BLOCKS;
                }
            }
        }
        for (byte[] missing : writer.missingDirectories()) {
            writer.directory(missing, TestTree.PLAIN);
        }
        long added = System.nanoTime();
        ErofsImageInfo info = writer.writeTo(Path.of(arguments[0]));
        System.out.printf(
                "%d inodes, %d bytes, adding took %d ms, writing %d ms, heap of at most %d MiB%n",
                info.inodes(),
                info.bytes(),
                (added - start) / 1_000_000,
                (System.nanoTime() - added) / 1_000_000,
                Runtime.getRuntime().maxMemory() >> 20);
    }

    private static byte[] path(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
