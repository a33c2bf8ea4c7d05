package dev.sluice.e2e.host;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A file system of its own in a file, which can be filled up and frozen. Closing it unmounts it. Not thread-safe. */
public final class SmallFileSystem implements AutoCloseable {
    private static final int BLOCK = 4096;
    private static final int LARGE = 1 << 20;

    private final Path mountPoint;

    private SmallFileSystem(Path mountPoint) {
        this.mountPoint = mountPoint;
    }

    /**
     * Makes and mounts an ext4. Nothing of it is kept back for root.
     *
     * @param image file to make
     * @param mountPoint an existing directory
     * @param bytes of the whole file system
     */
    public static SmallFileSystem mount(Path image, Path mountPoint, long bytes) throws IOException {
        return make(List.of("mkfs.ext4", "-q", "-b", String.valueOf(BLOCK), "-m", "0"), image, mountPoint, bytes);
    }

    /**
     * Makes and mounts one.
     *
     * @param type {@code ext4}, {@code xfs} or {@code btrfs}
     * @param image file to make
     * @param mountPoint an existing directory
     * @param bytes of the whole file system, which takes only so much of the disk as is written; xfs wants 300 MiB
     */
    public static SmallFileSystem mount(String type, Path image, Path mountPoint, long bytes) throws IOException {
        return make(List.of("mkfs." + type, "-q"), image, mountPoint, bytes);
    }

    private static SmallFileSystem make(List<String> program, Path image, Path mountPoint, long bytes)
            throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
        }
        Command.of(program).withArguments(List.of(image.toString())).run();
        Command.of("mount", "-o", "loop", image.toString(), mountPoint.toString())
                .run();
        return new SmallFileSystem(mountPoint);
    }

    /** Where it is mounted. */
    public Path mountPoint() {
        return mountPoint;
    }

    /**
     * Takes all the room but some.
     *
     * @param left so many bytes, and a little more or less, are left; 0 for none at all
     */
    public void fill(long left) throws IOException {
        sync();
        long take = left == 0 ? Long.MAX_VALUE : Files.getFileStore(mountPoint).getUsableSpace() - left;
        // What a file system has set aside for itself is free again when it has written: until nothing more goes in.
        while (take(take) && left == 0) {
            sync();
        }
        sync();
    }

    /** Makes room again. */
    public void empty() throws IOException {
        Files.delete(ballast());
        sync();
    }

    /** Stops all writes, until {@link #thaw}. Waits for those that are under way. */
    public void freeze() throws IOException {
        Command.of("fsfreeze", "--freeze", mountPoint.toString()).run();
    }

    /** Lets writes go on. */
    public void thaw() throws IOException {
        Command.of("fsfreeze", "--unfreeze", mountPoint.toString()).run();
    }

    /** @return whether anything could be taken */
    private boolean take(long bytes) throws IOException {
        try (FileChannel file = FileChannel.open(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            long before = file.size();
            for (int step = LARGE; step >= BLOCK; step /= 2) {
                write(file, step, bytes - (file.size() - before));
            }
            return file.size() > before;
        }
    }

    private static void write(FileChannel file, int step, long bytes) {
        try {
            for (long written = 0; written + step <= bytes; written += step) {
                ByteBuffer zeros = ByteBuffer.allocate(step);
                while (zeros.hasRemaining()) {
                    file.write(zeros);
                }
            }
        } catch (IOException full) {
            // That is what this is for; smaller pieces may still fit.
            return;
        }
    }

    private Path ballast() {
        return mountPoint.resolve("ballast");
    }

    private void sync() throws IOException {
        Command.of("sync", "--file-system", mountPoint.toString()).run();
    }

    @Override
    public void close() throws IOException {
        Mounts.unmountBelow(mountPoint);
    }
}
