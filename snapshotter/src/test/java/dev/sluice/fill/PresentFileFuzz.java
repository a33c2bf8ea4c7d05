package dev.sluice.fill;

import dev.sluice.fuzz.Require;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Fuzzes the file that says which pages are present: how many pages there are, which checksums are made right (a byte each), and what is written
 * over a sound file, as {@code (place u16, length u8, bytes)} again and again. No page is present that the file does not vouch for.
 */
public final class PresentFileFuzz {
    private static final BootId BOOT = new BootId(new UUID(4711, 4712));
    private static final Path PATH = Path.of("/present");
    private static final int BLOCK = 4096;
    private static final int SLOT = 2 * BLOCK;
    private static final int LIVE = BLOCK + 2 * SLOT;
    private static final int SIZE = LIVE + 3 * BLOCK;

    private PresentFileFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < 3) {
            return;
        }
        long pages = 1 + 8L * (data[0] & 0xFF);
        MemoryFile file = new MemoryFile();
        try (PresentFile sound = open(file, pages)) {
            sound.set(0, 1);
            sound.writeDurable(sound.snapshot());
        }
        Require.that(file.size == SIZE, "a file of " + file.size);
        patch(file, ByteBuffer.wrap(data, 2, data.length - 2).order(ByteOrder.LITTLE_ENDIAN));
        mendChecksums(file.bytes, data[1]);
        List<Long> vouchedFor = vouchedFor(file.bytes, pages);
        try (PresentFile opened = open(file, pages)) {
            List<Long> present = pages(opened.live(), pages);
            Require.that(vouchedFor.containsAll(present), "present out of nothing: " + present);
            Require.that(opened.live().count() == present.size(), "another number of pages");
            opened.set(0, pages);
            opened.forget(0, 1);
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        try (PresentFile again = open(file, pages)) {
            Require.that(again.live().firstAbsent(0) == 0, "a page that was forgotten is present");
            Require.that(again.live().count() == pages - 1, "a page that was named is not present");
        }
    }

    private static PresentFile open(MemoryFile file, long pages) throws IOException {
        return PresentFile.open(new OneFile(file), PATH, pages * DataDevice.PAGE, BOOT, true);
    }

    private static void patch(MemoryFile file, ByteBuffer in) {
        while (in.remaining() > 3) {
            int at = (in.getShort() & 0xFFFF) % SIZE;
            int length = Math.min(Math.min(in.get() & 0xFF, in.remaining()), SIZE - at);
            file.bytes.put(at, in, in.position(), length);
            in.position(in.position() + length);
        }
    }

    private static void mendChecksums(ByteBuffer bytes, int which) {
        if ((which & 1) != 0) {
            bytes.putInt(24, crc(bytes.slice(0, 24)));
        }
        for (int slot = 0; slot < 2; slot++) {
            if ((which & 2 << slot) != 0) {
                bytes.putInt(BLOCK + slot * SLOT + 8, slotCrc(bytes, slot));
            }
        }
        if ((which & 8) != 0) {
            bytes.putInt(LIVE + 16, crc(bytes.slice(LIVE, 16)));
        }
    }

    /** All pages that some part of the file names which may be believed. */
    private static List<Long> vouchedFor(ByteBuffer bytes, long pages) {
        boolean live = bytes.getInt(LIVE + 16) == crc(bytes.slice(LIVE, 16))
                && bytes.getLong(LIVE) == BOOT.value().getMostSignificantBits()
                && bytes.getLong(LIVE + 8) == BOOT.value().getLeastSignificantBits();
        List<Long> all = new ArrayList<>();
        for (long page = 0; page < pages; page++) {
            boolean named = false;
            if (live) {
                named = bit(bytes, LIVE + BLOCK, page) && bit(bytes, LIVE + 2 * BLOCK, page);
            } else {
                for (int slot = 0; slot < 2; slot++) {
                    boolean sound = bytes.getInt(BLOCK + slot * SLOT + 8) == slotCrc(bytes, slot);
                    named |= sound && bit(bytes, SLOT + slot * SLOT, page);
                }
            }
            if (named) {
                all.add(page);
            }
        }
        return all;
    }

    private static List<Long> pages(PresentBitmap bitmap, long pages) {
        List<Long> all = new ArrayList<>();
        for (long page = 0; page < pages; page++) {
            if (bitmap.containsAll(page, page + 1)) {
                all.add(page);
            }
        }
        return all;
    }

    private static boolean bit(ByteBuffer bytes, int at, long page) {
        return (bytes.get(at + (int) (page >> 3)) >> (page & 7) & 1) != 0;
    }

    private static int slotCrc(ByteBuffer bytes, int slot) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(BLOCK + slot * SLOT, Long.BYTES));
        crc.update(bytes.slice(SLOT + slot * SLOT, BLOCK));
        return (int) crc.getValue();
    }

    private static int crc(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private record OneFile(MemoryFile file) implements DeviceFiles {
        @Override
        public OptionalLong size(Path path) {
            return OptionalLong.of(file.size);
        }

        @Override
        public DeviceFile open(Path path) {
            return file;
        }

        @Override
        public void delete(Path path) {
            file.truncate(0);
        }
    }

    private static final class MemoryFile implements DeviceFile {
        private final ByteBuffer bytes = ByteBuffer.allocateDirect(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        private long size;

        @Override
        public long size() {
            return size;
        }

        @Override
        public void truncate(long newSize) {
            Require.that(newSize <= SIZE, "a file of " + newSize);
            for (int at = (int) newSize; at < size; at++) {
                bytes.put(at, (byte) 0);
            }
            size = newSize;
        }

        @Override
        public void readFully(ByteBuffer into, long offset) throws IOException {
            if (offset + into.remaining() > size) {
                throw new EOFException();
            }
            into.put(bytes.slice((int) offset, into.remaining()));
        }

        @Override
        public void writeFully(ByteBuffer from, long offset) {
            Require.that(offset + from.remaining() <= SIZE, "a write behind the end");
            bytes.duplicate().position((int) offset).put(from);
        }

        @Override
        public void punchHole(long offset, long length) {
            throw new AssertionError("a hole in the evidence");
        }

        @Override
        public ByteBuffer map(long offset, int length) {
            return bytes.slice((int) offset, length);
        }

        @Override
        public void sync() {}

        @Override
        public void close() {}
    }
}
