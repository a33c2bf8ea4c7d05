package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * A directory in memory that remembers what is durable, and crashes or fails at a given step. As ext4 and xfs do it: names change in
 * order, and what is added to a file is there before its new size says so, or is zeros.
 */
final class FaultyJournalFiles implements JournalFiles {
    private final Random random;
    private final Map<String, Contents> names = new LinkedHashMap<>();
    /** All states of the names since they were last synced, the durable one first. */
    private final List<Map<String, Contents>> history = new ArrayList<>(List.of(Map.of()));

    private int steps;
    private int crashAt = Integer.MAX_VALUE;
    private int failAt = Integer.MAX_VALUE;
    private boolean crashed;

    /** The machine stopped here. */
    static final class CrashException extends IOException {
        private static final long serialVersionUID = 1;

        CrashException() {
            super("crashed");
        }
    }

    private static final class Contents {
        private byte[] now = {};
        private byte[] durable = {};
        /** A sync failed: what was not durable then never is. */
        private boolean lost;
    }

    FaultyJournalFiles(Random random) {
        this.random = random;
    }

    /** Crashes in the step with this number, counted from 0. */
    void crashAt(int step) {
        crashAt = step;
    }

    /** The step with this number fails; those after it do not. */
    void failAt(int step) {
        failAt = step;
    }

    boolean isCrashed() {
        return crashed;
    }

    /** What is there after the machine came up again. */
    FaultyJournalFiles afterThePowerFailed() {
        FaultyJournalFiles next = new FaultyJournalFiles(random);
        history.get(random.nextInt(history.size())).forEach((name, contents) -> {
            Contents after = new Contents();
            after.now = survive(contents);
            after.durable = after.now;
            next.names.put(name, after);
        });
        next.history.set(0, Map.copyOf(next.names));
        return next;
    }

    private byte[] survive(Contents contents) {
        int common = contents.durable.length;
        boolean extended =
                contents.now.length >= common && Arrays.equals(contents.durable, Arrays.copyOf(contents.now, common));
        if (contents.lost || random.nextInt(3) == 0) {
            return contents.durable;
        }
        if (!extended) {
            return random.nextBoolean() ? contents.durable : contents.now;
        }
        int size = common + random.nextInt(contents.now.length - common + 1);
        int written = common + random.nextInt(size - common + 1);
        return Arrays.copyOf(Arrays.copyOf(contents.now, written), size);
    }

    @Override
    public boolean exists(String name) {
        return names.containsKey(name);
    }

    @Override
    public byte[] read(String name) throws IOException {
        return contents(name).now.clone();
    }

    @Override
    public OpenFile open(String name) throws IOException {
        return new File(contents(name));
    }

    @Override
    public OpenFile create(String name) throws IOException {
        step();
        // A new file each time: an old one that is being emptied is no different after a crash.
        Contents contents = new Contents();
        names.put(name, contents);
        history.add(Map.copyOf(names));
        return new File(contents);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        step();
        Contents contents = contents(from);
        names.remove(from);
        names.put(to, contents);
        history.add(Map.copyOf(names));
    }

    @Override
    public void syncNames() throws IOException {
        step();
        history.clear();
        history.add(Map.copyOf(names));
    }

    @Override
    public Path path(String name) {
        return Path.of(name);
    }

    private Contents contents(String name) throws IOException {
        return Optional.ofNullable(names.get(name)).orElseThrow(() -> new NoSuchFileException(name));
    }

    private void step() throws IOException {
        if (crashed || steps == crashAt) {
            crashed = true;
            throw new CrashException();
        }
        if (steps++ == failAt) {
            throw new IOException("a disk fails");
        }
    }

    private final class File implements OpenFile {
        private final Contents contents;

        private File(Contents contents) {
            this.contents = contents;
        }

        @Override
        public void write(ByteBuffer bytes, long at) throws IOException {
            byte[] from = new byte[bytes.remaining()];
            bytes.get(from);
            if (!crashed && (steps == crashAt || steps == failAt)) {
                put(Arrays.copyOf(from, random.nextInt(from.length + 1)), (int) at);
            }
            step();
            put(from, (int) at);
        }

        private void put(byte[] from, int at) {
            byte[] grown = Arrays.copyOf(contents.now, Math.max(contents.now.length, at + from.length));
            System.arraycopy(from, 0, grown, at, from.length);
            contents.now = grown;
        }

        @Override
        public void truncate(long size) throws IOException {
            step();
            contents.now = Arrays.copyOf(contents.now, (int) size);
        }

        @Override
        public void sync() throws IOException {
            try {
                step();
            } catch (CrashException e) {
                throw e;
            } catch (IOException e) {
                contents.lost = true;
                throw e;
            }
            if (!contents.lost || contents.now.length <= contents.durable.length) {
                contents.lost = false;
                contents.durable = contents.now.clone();
            }
        }

        @Override
        public void close() {}
    }
}
