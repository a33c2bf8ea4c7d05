package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The reader finds what the writer was given. */
class ErofsReaderTest extends ErofsContract {
    @Override
    List<String> dump(Path image, Path data) throws Exception {
        try (ErofsReader reader = ErofsReader.open(image)) {
            return ReaderDump.of(reader, data);
        }
    }

    @Test
    void chunksThatFollowEachOtherAreOneExtent() throws Exception {
        long size = (1L << 43) + 5;
        new TestTree().directory("").file("file", PLAIN, size, 4096).write(image());
        try (ErofsReader reader = ErofsReader.open(image())) {
            assertThat(reader.extents(reader.find(bytes("file")).orElseThrow()))
                    .containsExactly(new ErofsExtent(0, size, 1, 4096));
        }
    }

    @Test
    void aChunkWithoutAddressIsAHole() throws Exception {
        long half = 1L << 43;
        new TestTree().directory("").file("file", PLAIN, half + 5, 4096).write(image());
        ByteBuffer image = ByteBuffer.wrap(Files.readAllBytes(image())).order(ByteOrder.LITTLE_ENDIAN);
        long firstIndex =
                ErofsReader.of(image).find(bytes("file")).orElseThrow().bodyOffset();
        image.putInt((int) firstIndex + 4, OnDisk.HOLE);
        // The inode lies in block 0, which the checksum covers.
        image.putInt(OnDisk.SUPERBLOCK + 8, OnDisk.COMPAT_MTIME);

        ErofsReader reader = ErofsReader.of(image);
        List<ErofsExtent> extents = reader.extents(reader.find(bytes("file")).orElseThrow());
        assertThat(extents)
                .containsExactly(
                        new ErofsExtent(0, half, ErofsExtent.HOLE, 0), new ErofsExtent(half, 5, 1, half + 4096));
        assertThat(extents.get(0).isHole()).isTrue();
    }
}
