package dev.sluice.fill;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/**
 * Files in memory that remember what is durable. A crash comes at a given step, in the middle of what happens there. After a crash of
 * the process all that was written is there; after one of the machine, what was synced, and of the rest any sector or none.
 */
final class FaultyFiles implements DeviceFiles {
    private static final int CAPACITY = 320 << 10;
    private static final int SECTOR = 512;

    private final Random random;
    private final Map<Path, Contents> names = new HashMap<>();
    private final Map<Path, Contents> durableNames = new HashMap<>();
    private int steps;
    private int crashAt = Integer.MAX_VALUE;
    private int failSyncAt = Integer.MAX_VALUE;
    private boolean crashed;

    /** The machine or the process stopped here. */
    static final class CrashException extends IOException {
        private static final long serialVersionUID = 1;

        CrashException() {
            super("crashed");
        }
    }

    /** What a file holds, and what of it is durable. */
    private static final class Contents {
        private final ByteBuffer now;
        private final byte[] durable;
        private long size;
        private long durableSize;
        /** Sectors that a failed sync gave up: they read well for now, and no later sync writes them. */
        private final BitSet lost = new BitSet();
        /** What a process that died left; others see what it would still have done to mapped memory, had it lived. */
        private Optional<ByteBuffer> left = Optional.empty();

        private Contents(int capacity) {
            now = ByteBuffer.allocateDirect(capacity);
            durable = new byte[capacity];
        }
    }

    FaultyFiles(Random random) {
        this.random = random;
    }

    /** Crashes in the step with this number, counted from 0 over the life of these files. */
    void crashAt(int step) {
        crashAt = step;
    }

    /** Fails the first sync at or after this step; what it was to make durable never will be, though it can be read for now. */
    void failSyncAt(int step) {
        failSyncAt = step;
    }

    int steps() {
        return steps;
    }

    /** What a new process finds. */
    FaultyFiles afterTheProcessDied() {
        FaultyFiles next = new FaultyFiles(random);
        names.forEach((path, contents) -> {
            ByteBuffer left = contents.left.orElse(contents.now);
            Contents after = new Contents(left.capacity());
            after.now.put(0, left, 0, left.capacity());
            after.size = contents.size;
            next.names.put(path, after);
        });
        return next;
    }

    /** What is there after the machine came up again. */
    FaultyFiles afterThePowerFailed() {
        FaultyFiles next = new FaultyFiles(random);
        Map<Path, Contents> survivors = random.nextBoolean() ? names : durableNames;
        survivors.forEach((path, contents) -> {
            Contents after = survive(contents);
            next.names.put(path, after);
            next.durableNames.put(path, after);
        });
        return next;
    }

    /** Flips one bit of a file. */
    void flip(Path path, long bit) {
        ByteBuffer bytes = contents(path).now;
        int at = (int) (bit / 8);
        bytes.put(at, (byte) (bytes.get(at) ^ (1 << (bit % 8))));
    }

    private Contents survive(Contents before) {
        Contents after = new Contents(CAPACITY);
        after.size = random.nextBoolean() ? before.size : before.durableSize;
        // Of what was not synced: nothing, all, or some sectors.
        int share = random.nextInt(3);
        for (int at = 0; at < after.size; at += SECTOR) {
            int length = (int) Math.min(SECTOR, after.size - at);
            boolean isNew = !before.lost.get(at / SECTOR) && (share == 1 || (share == 2 && random.nextBoolean()));
            if (isNew && at < before.size) {
                after.now.put(at, before.left.orElse(before.now), at, length);
            } else {
                after.now.put(at, before.durable, at, length);
            }
        }
        makeDurable(after);
        return after;
    }

    private static void makeDurable(Contents contents) {
        for (int sector = 0; sector < contents.durable.length / SECTOR; sector++) {
            if (!contents.lost.get(sector)) {
                contents.now.get(sector * SECTOR, contents.durable, sector * SECTOR, SECTOR);
            }
        }
        contents.durableSize = contents.size;
    }

    private static void lose(Contents contents) {
        for (int sector = 0; sector < contents.durable.length / SECTOR; sector++) {
            ByteBuffer durable = ByteBuffer.wrap(contents.durable, sector * SECTOR, SECTOR);
            if (!contents.now.slice(sector * SECTOR, SECTOR).equals(durable)) {
                contents.lost.set(sector);
            }
        }
    }

    @Override
    public OptionalLong size(Path path) {
        Contents contents = names.get(path);
        return contents == null ? OptionalLong.empty() : OptionalLong.of(contents.size);
    }

    @Override
    public DeviceFile open(Path path) throws IOException {
        if (!names.containsKey(path)) {
            step();
            names.put(path, new Contents(CAPACITY));
        }
        return new OpenFile(contents(path));
    }

    @Override
    public void delete(Path path) throws IOException {
        if (names.containsKey(path)) {
            step();
            names.remove(path);
        }
    }

    private Contents contents(Path path) {
        Contents contents = names.get(path);
        if (contents == null) {
            throw new IllegalArgumentException("no such file: " + path);
        }
        return contents;
    }

    /** Something is about to change. */
    private void step() throws CrashException {
        if (crashed) {
            throw new CrashException();
        }
        if (steps++ == crashAt) {
            crash();
            throw new CrashException();
        }
    }

    private void crash() {
        crashed = true;
        for (Contents contents : names.values()) {
            ByteBuffer copy = ByteBuffer.allocate(contents.now.capacity());
            contents.left = Optional.of(copy.put(0, contents.now, 0, copy.capacity()));
        }
    }

    private final class OpenFile implements DeviceFile {
        private final Contents contents;

        private OpenFile(Contents contents) {
            this.contents = contents;
        }

        @Override
        public long size() {
            return contents.size;
        }

        @Override
        public void truncate(long size) throws IOException {
            step();
            for (long at = size; at < contents.size; at++) {
                contents.now.put((int) at, (byte) 0);
            }
            contents.size = size;
        }

        @Override
        public void readFully(ByteBuffer into, long offset) throws IOException {
            if (offset + into.remaining() > contents.size) {
                throw new EOFException("file ends at " + contents.size);
            }
            into.put(contents.now.slice((int) offset, into.remaining()));
        }

        @Override
        public void writeFully(ByteBuffer from, long offset) throws IOException {
            int length = from.remaining();
            if (!crashed && steps == crashAt) {
                write(from, offset, random.nextInt(length + 1));
            }
            step();
            write(from, offset, length);
        }

        private void write(ByteBuffer from, long offset, int length) {
            contents.now.put((int) offset, from, from.position(), length);
            from.position(from.position() + length);
            contents.lost.clear((int) offset / SECTOR, (int) (offset + length + SECTOR - 1) / SECTOR);
            contents.size = Math.max(contents.size, offset + length);
        }

        @Override
        public void punchHole(long offset, long length) throws IOException {
            step();
            contents.now.put((int) offset, new byte[(int) length]);
        }

        @Override
        public ByteBuffer map(long offset, int length) {
            return contents.now.slice((int) offset, length);
        }

        @Override
        public void sync() throws IOException {
            if (!crashed && steps >= failSyncAt) {
                failSyncAt = Integer.MAX_VALUE;
                lose(contents);
                throw new IOException("a disk fails");
            }
            step();
            makeDurable(contents);
            // A file that was synced is found again, or all of the directory is lost.
            names.forEach((path, other) -> {
                if (other == contents) {
                    durableNames.put(path, contents);
                }
            });
        }

        @Override
        public void close() {}
    }
}
