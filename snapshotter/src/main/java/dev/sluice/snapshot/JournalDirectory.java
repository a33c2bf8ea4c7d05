package dev.sluice.snapshot;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A directory of a local file system. */
record JournalDirectory(Path directory) implements JournalFiles {
    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public byte[] read(String name) throws IOException {
        return Files.readAllBytes(directory.resolve(name));
    }

    @Override
    public OpenFile open(String name) throws IOException {
        return new ChannelFile(FileChannel.open(directory.resolve(name), READ, WRITE));
    }

    @Override
    public OpenFile create(String name) throws IOException {
        return new ChannelFile(FileChannel.open(directory.resolve(name), CREATE, TRUNCATE_EXISTING, WRITE));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        Files.move(directory.resolve(from), directory.resolve(to), ATOMIC_MOVE);
    }

    @Override
    public void syncNames() throws IOException {
        try (FileChannel channel = FileChannel.open(directory, READ)) {
            channel.force(true);
        }
    }

    @Override
    public Path path(String name) {
        return directory.resolve(name);
    }

    private record ChannelFile(FileChannel channel) implements OpenFile {
        @Override
        public void write(ByteBuffer bytes, long at) throws IOException {
            long position = at;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            channel.truncate(size);
        }

        @Override
        public void sync() throws IOException {
            channel.force(true);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
