package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.PLAIN;
import static dev.sluice.erofs.TestTree.attributes;
import static dev.sluice.erofs.TestTree.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a writer takes, refuses, and makes of it. */
class ErofsWriterTest {
    private static final ErofsOptions OPTIONS = ErofsOptions.forDevice(100, "data");

    @TempDir
    Path temporary;

    private ErofsWriter writer;

    @BeforeEach
    void rootOnly() throws Exception {
        writer = new ErofsWriter(OPTIONS);
        writer.directory(bytes(""), PLAIN);
    }

    @Test
    void theSmallestImageIsOneBlock() throws Exception {
        ErofsImageInfo info = write();
        assertThat(info).isEqualTo(new ErofsImageInfo(1, 1, 0));
        assertThat(Files.size(image())).isEqualTo(info.bytes()).isEqualTo(4096);
    }

    @Test
    void theSameEntriesInAnyOrderGiveTheSameBytes() throws Exception {
        long seed = new Random().nextLong();
        System.out.println("seed of the random tree: " + seed);
        TestTree tree = RandomTree.of(new Random(seed), 800);
        byte[] first = {};
        for (int order = 0; order < 4; order++) {
            ErofsWriter again = new ErofsWriter(ErofsOptions.forDevice(tree.deviceBlocks(), "data"));
            tree.addTo(again, order);
            again.writeTo(image());
            byte[] bytes = Files.readAllBytes(image());
            first = order == 0 ? bytes : first;
            assertThat(bytes).as("seed %d, order %d", seed, order).isEqualTo(first);
        }
    }

    @Test
    void writingTwiceGivesTheSameBytesAndReplacesWhatWasThere() throws Exception {
        writer.file(bytes("a"), PLAIN, 1, 0);
        write();
        byte[] first = Files.readAllBytes(image());
        Files.write(image(), new byte[100_000]);
        write();
        assertThat(Files.readAllBytes(image())).isEqualTo(first);
    }

    @Test
    void theSuperblockSaysWhatTheOptionsSay() throws Exception {
        UUID uuid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        String tag = "f".repeat(64);
        writer = new ErofsWriter(new ErofsOptions(0xFFFF_FFFFL, tag, -5, 7, uuid, "volume-name-15c", 10));
        writer.directory(bytes(""), PLAIN);
        writer.fifo(bytes("fifo"), PLAIN);
        write();
        try (ErofsReader reader = ErofsReader.open(image())) {
            ErofsSuperblock superblock = reader.superblock();
            assertThat(superblock.uuid()).isEqualTo(uuid);
            assertThat(superblock.volumeName()).isEqualTo("volume-name-15c");
            assertThat(superblock.epochSeconds()).isEqualTo(-5);
            assertThat(superblock.epochNanos()).isEqualTo(7);
            assertThat(superblock.inodes()).isEqualTo(2);
            assertThat(superblock.blocks()).isEqualTo(1);
            assertThat(superblock.devices())
                    .containsExactly(new ErofsSuperblock.Device(tag, 0xFFFF_FFFFL, OnDisk.MAPPED_BLOCK));
        }
    }

    @Test
    void anInodeWithTheTimeOfTheImageIsSmaller() throws Exception {
        writer.fifo(bytes("same"), attributes(0644, 0, 0, 0, 0, Map.of()));
        writer.fifo(bytes("other"), attributes(0644, 0, 0, 0, 1, Map.of()));
        write();
        try (ErofsReader reader = ErofsReader.open(image())) {
            assertThat(reader.find(bytes("same")).orElseThrow().inodeSize()).isEqualTo(32);
            assertThat(reader.find(bytes("other")).orElseThrow().inodeSize()).isEqualTo(64);
        }
    }

    @Test
    void attributesThatManyInodesHaveAreStoredOnce() throws Exception {
        byte[] value = new byte[60_000];
        for (int i = 0; i < 100; i++) {
            writer.file(bytes("file-" + i), attributes(0644, 0, 0, 0, 0, Map.of("user.large", value)), 0, 0);
        }
        assertThat(write().bytes()).isLessThan(2L * value.length);
    }

    @Test
    void filesPointIntoTheDevice() throws Exception {
        writer.file(bytes("file"), PLAIN, 4097, 98 * 4096);
        writer.file(bytes("empty"), PLAIN, 0, 12345);
        write();
        try (ErofsReader reader = ErofsReader.open(image())) {
            assertThat(reader.extents(reader.find(bytes("file")).orElseThrow()))
                    .containsExactly(new ErofsExtent(0, 4097, 1, 98 * 4096));
            assertThat(reader.extents(reader.find(bytes("empty")).orElseThrow()))
                    .isEmpty();
        }
    }

    @Test
    void directoriesThatNoEntryNamesAreListedAndNeeded() throws Exception {
        writer = new ErofsWriter(OPTIONS);
        writer.fifo(bytes("a/b/c"), PLAIN);
        writer.directory(bytes("a"), PLAIN);
        writer.fifo(bytes("d/e"), PLAIN);
        assertThat(writer.missingDirectories().stream().map(TestTree::text)).containsExactly("", "a/b", "d");
        refused(this::write, "directory has no attributes: \"\"");
        for (byte[] path : writer.missingDirectories()) {
            writer.directory(path, PLAIN);
        }
        assertThat(writer.missingDirectories()).isEmpty();
        assertThat(write().inodes()).isEqualTo(6);
    }

    @Test
    void refusesPathsThatAreNotRelativeAndNormalized() {
        for (String path : new String[] {"/", "/a", "a/", "a//b", ".", "..", "a/.", "a/../b", "./a", "a\0b"}) {
            assertThatThrownBy(() -> writer.fifo(bytes(path), PLAIN))
                    .as(path)
                    .isInstanceOf(ErofsException.class)
                    .hasMessageContaining("path");
        }
        refused(() -> writer.fifo(bytes("n".repeat(256)), PLAIN), "longer than 255 bytes");
        refused(() -> writer.fifo(bytes("d/".repeat(2048)), PLAIN), "longer than 4095 bytes");
        refused(() -> writer.hardLink(bytes("a"), bytes("../b")), ". or ..");
    }

    @Test
    void messagesShowPathsWithoutControlCharacters() {
        refused(() -> writer.fifo(bytes("\u001b[31m\n\"\\\u00ff/."), PLAIN), "\"\\x1b[31m\\x0a\\x22\\x5c\\xff/.\"");
    }

    @Test
    void refusesAPathTwice() throws Exception {
        writer.fifo(bytes("a"), PLAIN);
        writer.directory(bytes("d"), PLAIN);
        writer.fifo(bytes("d/x"), PLAIN);
        refused(() -> writer.fifo(bytes("a"), PLAIN), "two entries have the same path: \"a\"");
        refused(() -> writer.directory(bytes("a"), PLAIN), "same path");
        refused(() -> writer.directory(bytes("d"), PLAIN), "same path");
        refused(() -> writer.hardLink(bytes("d/x"), bytes("a")), "same path");
        refused(() -> writer.directory(bytes(""), PLAIN), "same path");
    }

    @Test
    void refusesAnythingBelowWhatIsNoDirectory() throws Exception {
        writer.fifo(bytes("a"), PLAIN);
        writer.hardLink(bytes("link"), bytes("a"));
        writer.fifo(bytes("d/x"), PLAIN);
        refused(() -> writer.fifo(bytes("a/b/c"), PLAIN), "no directory");
        refused(() -> writer.fifo(bytes("link/b"), PLAIN), "no directory");
        refused(() -> writer.symlink(bytes("d"), PLAIN, bytes("x")), "has entries below it");
        refused(() -> writer.fifo(bytes(""), PLAIN), "");
    }

    @Test
    void refusesHardLinksThatLeadToNoInode() throws Exception {
        writer.directory(bytes("d"), PLAIN);
        refusedLinks("does not exist", "a", "nowhere");
        refusedLinks("to a directory", "a", "d");
        refusedLinks("to a directory", "a", "b", "b", "");
        refusedLinks("to itself", "a", "a");
        refusedLinks("to itself", "a", "b", "b", "c", "c", "b");
    }

    private void refusedLinks(String message, String... links) throws Exception {
        rootOnly();
        writer.directory(bytes("d"), PLAIN);
        for (int i = 0; i < links.length; i += 2) {
            writer.hardLink(bytes(links[i]), bytes(links[i + 1]));
        }
        refused(this::write, message);
    }

    @Test
    void takesALongChainOfHardLinks() throws Exception {
        writer.fifo(bytes("0"), PLAIN);
        for (int i = 100_000; i > 0; i--) {
            writer.hardLink(bytes(Integer.toString(i)), bytes(Integer.toString(i - 1)));
        }
        assertThat(write().inodes()).isEqualTo(2);
    }

    @Test
    void refusesFilesOutsideOfTheDevice() {
        refused(() -> writer.file(bytes("a"), PLAIN, 1, 100 * 4096), "outside of a device");
        refused(() -> writer.file(bytes("a"), PLAIN, 4097, 99 * 4096), "outside of a device");
        refused(() -> writer.file(bytes("a"), PLAIN, -1, 0), "outside of a device");
        refused(() -> writer.file(bytes("a"), PLAIN, 1, -4096), "outside of a device");
        refused(() -> writer.file(bytes("a"), PLAIN, Long.MAX_VALUE, 4096), "outside of a device");
        refused(() -> writer.file(bytes("a"), PLAIN, 1, 100), "does not begin at a block");
    }

    @Test
    void refusesSymlinksThatNobodyCanFollow() {
        refused(() -> writer.symlink(bytes("a"), PLAIN, new byte[0]), "has 0 bytes");
        refused(() -> writer.symlink(bytes("a"), PLAIN, bytes("t".repeat(4096))), "has 4096 bytes");
        refused(() -> writer.symlink(bytes("a"), PLAIN, bytes("a\0b")), "NUL");
    }

    @Test
    void refusesDeviceNumbersThatLinuxHasNot() {
        refused(() -> writer.device(bytes("a"), PLAIN, true, 4096, 0), "4096/0");
        refused(() -> writer.device(bytes("a"), PLAIN, true, 0, 1 << 20), "0/1048576");
        refused(() -> writer.device(bytes("a"), PLAIN, false, -1, 0), "-1/0");
    }

    @Test
    void refusesAttributesThatDoNotFit() {
        refusedXattr("user." + "n".repeat(251), new byte[0], "255 bytes");
        refusedXattr("user.\0", new byte[0], "NUL");
        refusedXattr("user.", new byte[0], "only a prefix");
        refusedXattr("user.a", new byte[65_536], "65536 bytes");
        refusedXattr("user.\ud800", new byte[0], "not Unicode");
        Map<String, byte[]> five = new HashMap<>();
        for (int i = 0; i < 5; i++) {
            five.put("user." + i, new byte[60_000]);
        }
        refused(() -> writer.fifo(bytes("a"), attributes(0, 0, 0, 0, 0, five)), "of one inode");
    }

    private void refusedXattr(String name, byte[] value, String message) {
        refused(() -> writer.fifo(bytes("a"), attributes(0, 0, 0, 0, 0, Map.of(name, value))), message);
    }

    @Test
    void leavesOutAttributesWithoutAPrefixOfErofs() throws Exception {
        writer.fifo(
                bytes("a"), attributes(0, 0, 0, 0, 0, Map.of("system.nfs4_acl", new byte[1], "user.a", new byte[2])));
        writer.fifo(
                bytes("b"),
                attributes(0, 0, 0, 0, 0, Map.of("system.posix_acl_access.x", new byte[1], "x", new byte[2])));
        assertThat(write().skippedXattrs()).isEqualTo(3);
        try (ErofsReader reader = ErofsReader.open(image())) {
            assertThat(reader.xattrs(reader.find(bytes("a")).orElseThrow())).containsOnlyKeys("user.a");
            assertThat(reader.xattrs(reader.find(bytes("b")).orElseThrow())).isEmpty();
        }
    }

    @Test
    void refusesMoreEntriesThanTheOptionsAllow() throws Exception {
        writer = new ErofsWriter(new ErofsOptions(0, "data", 0, 0, new UUID(0, 0), "", 4));
        writer.fifo(bytes("a/b"), PLAIN);
        writer.fifo(bytes("c"), PLAIN);
        refused(() -> writer.fifo(bytes("d"), PLAIN), "more than 4 entries");
    }

    @Test
    void anEntryThatIsRefusedLeavesNothingBehind() throws Exception {
        writer.fifo(bytes("a"), PLAIN);
        refused(() -> writer.fifo(bytes("a/b/c"), PLAIN), "no directory");
        refused(() -> writer.fifo(bytes("new/.."), PLAIN), ". or ..");
        refusedXattr("user.", new byte[0], "only a prefix");
        assertThat(writer.missingDirectories()).isEmpty();
        assertThat(write().inodes()).isEqualTo(2);
    }

    private ErofsImageInfo write() throws IOException {
        return writer.writeTo(image());
    }

    private Path image() {
        return temporary.resolve("meta.erofs");
    }

    private static void refused(ThrowingCallable action, String message) {
        assertThatThrownBy(action).isInstanceOf(ErofsException.class).hasMessageContaining(message);
    }
}
