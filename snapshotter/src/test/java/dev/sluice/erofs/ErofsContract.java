package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.attributes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever reads an image sees the tree that the writer was given. */
abstract class ErofsContract {
    static final ErofsAttributes PLAIN = TestTree.PLAIN;
    /** Version 2, user::rw-, user:1000:rwx, group::r--, mask::rwx, other::r--. */
    private static final byte[] ACL = HexFormat.of()
            .parseHex("02000000" + "01000600ffffffff" + "02000700e8030000" + "04000400ffffffff" + "10000700ffffffff"
                    + "20000400ffffffff");

    @TempDir
    Path temporary;

    /** Reads everything of an image and its data device, in the form of {@link TestTree#dump}. */
    abstract List<String> dump(Path image, Path data) throws Exception;

    @Test
    void everyKindOfEntry() throws Exception {
        compare(new TestTree()
                .directory("", attributes(0711, 5, 6, 1_700_000_000L, 123_456_789, Map.of()))
                .directory("empty")
                .directory("a")
                .directory("a/b", attributes(01777, 0, 0, 0, 0, Map.of()))
                .file("a/b/file", attributes(06755, 1000, 1000, 1_600_000_000L, 1, Map.of()), 10_000)
                .symlink("a/link", PLAIN, "b/file")
                .symlink("a/absolute", PLAIN, "/no/such/place")
                .device("null", attributes(0666, 0, 0, 0, 0, Map.of()), false, 1, 3)
                .device("disk", PLAIN, true, 259, 70_000)
                .device("largest", PLAIN, true, 4095, 1_048_575)
                .device("whiteout", attributes(0, 0, 0, 0, 0, Map.of()), false, 0, 0)
                .fifo("fifo", PLAIN)
                .socket("socket", PLAIN));
    }

    @Test
    void namesOfAnyBytes() throws Exception {
        TestTree tree = new TestTree().directory("");
        for (int b = 1; b < 256; b++) {
            if (b != '/' && b != '.') {
                tree.file(Character.toString(b), PLAIN, 0);
            }
            if (b != '/') {
                tree.fifo("." + (char) b + (b == '.' ? "." : ""), PLAIN);
            }
        }
        tree.directory("x".repeat(255)).file("x".repeat(255) + "/" + "\n".repeat(255), PLAIN, 1);
        tree.symlink("link", PLAIN, "\u00ff\u0001\n target");
        compare(tree);
    }

    /** What fits behind a compact inode, behind an extended one, and into a block, to the byte, in the first and second block. */
    @Test
    void directoriesThatJustFitAndJustDoNot() throws Exception {
        TestTree tree = new TestTree().directory("").directory("empty");
        ErofsAttributes extended = attributes(0755, 0, 0, 1, 1, Map.of());
        for (int limit : new int[] {OnDisk.BLOCK - 64, OnDisk.BLOCK - 32, OnDisk.BLOCK}) {
            for (int size = limit - 2; size <= limit + 2; size++) {
                fill(tree.directory("one-" + size), "one-" + size, 0, size - 27);
                fill(tree.directory("one-extended-" + size, extended), "one-extended-" + size, 0, size - 27);
                fill(tree.directory("two-" + size), "two-" + size, 127, size);
            }
        }
        compare(tree);
    }

    /** Adds so many names that take 32 bytes of a directory each, and then so many bytes more. */
    private static void fill(TestTree tree, String directory, int names, int bytes) {
        int rest = bytes;
        int name = 0;
        for (; name < names; name++) {
            tree.fifo(String.format("%s/%020d", directory, name), PLAIN);
        }
        for (; rest >= 64; rest -= 32) {
            tree.fifo(String.format("%s/%020d", directory, name++), PLAIN);
        }
        tree.fifo(directory + "/" + "z".repeat(rest - OnDisk.DIRENT), PLAIN);
    }

    @Test
    void twentyThousandFilesInOneDirectory() throws Exception {
        TestTree tree = new TestTree().directory("").directory("many");
        for (int i = 0; i < 20_000; i++) {
            tree.file("many/" + Integer.toString(i * 7919, 36) + "-" + "n".repeat(i % 90), PLAIN, i % 3);
        }
        compare(tree);
    }

    @Test
    void aDeepTree() throws Exception {
        TestTree tree = new TestTree().directory("");
        StringBuilder path = new StringBuilder("d");
        for (int depth = 0; depth < 500; depth++) {
            tree.directory(path.toString());
            path.append("/d");
        }
        compare(tree.file(path.toString(), PLAIN, 17));
    }

    @Test
    void owners() throws Exception {
        compare(new TestTree()
                .directory("", attributes(0755, -2, -2, 0, 0, Map.of()))
                .fifo("16-bit", attributes(0600, 65_535, 65_535, 0, 0, Map.of()))
                .fifo("17-bit-user", attributes(0600, 65_536, 0, 0, 0, Map.of()))
                .fifo("17-bit-group", attributes(0600, 0, 65_536, 0, 0, Map.of()))
                .fifo("32-bit", attributes(0600, -2, -2, 0, 0, Map.of())));
    }

    @Test
    void times() throws Exception {
        TestTree tree = new TestTree().directory("");
        long[] seconds = {0, 1, -1, -2_208_988_800L, Integer.MAX_VALUE, 1L << 31, 1L << 32, 1L << 33, 32_503_680_000L};
        for (long second : seconds) {
            tree.fifo("s" + second, attributes(0600, 0, 0, second, 0, Map.of()));
            tree.fifo("n" + second, attributes(0600, 0, 0, second, 999_999_999, Map.of()));
        }
        compare(tree);
    }

    @Test
    void anEpochThatInodesShareAndOneThatTheyDoNot() throws Exception {
        TestTree tree = new TestTree().directory("");
        tree.fifo("same", attributes(0600, 1, 2, -77, 5, Map.of()));
        tree.fifo("other", attributes(0600, 1, 2, -77, 6, Map.of()));
        ErofsWriter writer = new ErofsWriter(ErofsOptions.forDevice(0, "data").withEpoch(-77, 5));
        tree.addTo(writer, 1);
        writer.writeTo(image());
        compareWritten(tree);
    }

    @Test
    void extendedAttributes() throws Exception {
        byte[] capability = HexFormat.of().parseHex("0100000200040000000000000000000000000000");
        Map<String, byte[]> all = new HashMap<>();
        for (int i = 0; i < 300; i++) {
            all.put("user.number-" + i, new byte[] {(byte) i});
        }
        String longest = "user." + "n".repeat(250);
        ErofsAttributes shared = withXattrs(Map.of("user.shared", "yes".getBytes(StandardCharsets.UTF_8)));
        compare(new TestTree()
                .directory("", withXattrs(Map.of("trusted.overlay.opaque", new byte[] {'y'})))
                .directory("opaque", withXattrs(Map.of("trusted.overlay.opaque", new byte[] {'y'})))
                .directory("acl", withXattrs(Map.of("system.posix_acl_default", ACL, "system.posix_acl_access", ACL)))
                .file("capability", withXattrs(Map.of("security.capability", capability)), 4097)
                .file("acl/file", withXattrs(Map.of("system.posix_acl_access", ACL)), 1)
                .file("empty", withXattrs(Map.of("user.empty", new byte[0])), 0)
                .file("large", withXattrs(Map.of("user.large", new byte[65_535])), 1)
                .file("longest", withXattrs(Map.of(longest, new byte[4096])), 1)
                .file("many", withXattrs(all), 1)
                .file("many-too", withXattrs(all), 1)
                .symlink("link", withXattrs(Map.of("trusted.x", new byte[4000])), "t".repeat(200))
                .file("one", shared, 0)
                .file("two", shared, 0));
    }

    @Test
    void symlinksOfEveryKindOfLength() throws Exception {
        TestTree tree = new TestTree().directory("");
        for (int length : new int[] {1, 31, 32, 59, 60, 255, 4000, 4031, 4032, 4033, 4063, 4064, 4065, 4094, 4095}) {
            tree.symlink("compact-" + length, PLAIN, "t".repeat(length));
            tree.symlink("extended-" + length, attributes(0777, 0, 0, 9, 9, Map.of()), "t".repeat(length));
        }
        compare(tree);
    }

    @Test
    void hardLinks() throws Exception {
        TestTree tree = new TestTree().directory("").directory("z").file("z/target", PLAIN, 12);
        for (int i = 0; i < 40; i++) {
            tree.hardLink("link-" + i, i % 2 == 0 ? "z/target" : "link-" + (i - 1));
        }
        tree.symlink("symlink", PLAIN, "nowhere").hardLink("a", "symlink");
        tree.device("device", PLAIN, false, 1, 5).hardLink("z/device", "device");
        compare(tree);
    }

    @Test
    void moreHardLinksThanACompactInodeCounts() throws Exception {
        TestTree tree = new TestTree().directory("").fifo("target", PLAIN);
        for (int i = 0; i < 65_536; i++) {
            tree.hardLink("link-" + i, "target");
        }
        compare(tree);
    }

    @Test
    void sizesOfFiles() throws Exception {
        TestTree tree = new TestTree().directory("");
        for (long size : new long[] {0, 1, 4095, 4096, 4097, 8192, 1 << 20, 5L << 30, (1L << 32) - 1, 1L << 32}) {
            tree.file("size-" + size, PLAIN, size);
        }
        tree.file("small-behind-them", attributes(0600, 0, 0, 1, 1, Map.of()), 5000);
        compare(tree);
    }

    @Test
    void aFileAtTheEndOfTheLargestDevice() throws Exception {
        // The largest sparse file of ext4 ends one block before 16 TiB; so does the largest device.
        long offset = ((1L << 32) - 4) * OnDisk.BLOCK;
        TestTree tree = new TestTree().directory("").file("last", PLAIN, 2 * OnDisk.BLOCK, offset);
        tree.write(image());
        assumeTrue(canMakeSparseDevice(tree), "the temporary file system has no files of 16 TiB");
        compareWritten(tree);
    }

    @Test
    void randomTrees() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed of random trees: " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 3; i++) {
            compare(RandomTree.of(random, 1500));
        }
    }

    Path image() {
        return temporary.resolve("meta.erofs");
    }

    Path data() {
        return temporary.resolve("data");
    }

    static ErofsAttributes withXattrs(Map<String, byte[]> xattrs) {
        return attributes(0755, 0, 0, 0, 0, xattrs);
    }

    boolean canMakeSparseDevice(TestTree tree) {
        try {
            tree.writeDevice(data());
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    void compare(TestTree tree) throws Exception {
        tree.write(image());
        compareWritten(tree);
    }

    void compareWritten(TestTree tree) throws Exception {
        tree.writeDevice(data());
        assertThat(dump(image(), data())).isEqualTo(tree.dump(data()));
    }
}
