package dev.sluice.fill;

import static dev.sluice.linux.OpenFlags.O_CREAT;
import static dev.sluice.linux.OpenFlags.O_RDWR;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;

/** Files on a local file system. */
record LinuxDeviceFiles(FileOpener opener) implements DeviceFiles {
    static LinuxDeviceFiles of(Linux linux) {
        return new LinuxDeviceFiles(path -> linux.open(path, O_RDWR | O_CREAT, 0600));
    }

    /** One of the files is opened in a way of its own. */
    LinuxDeviceFiles with(Path special, FileOpener openSpecial) {
        return new LinuxDeviceFiles(path -> path.equals(special) ? openSpecial.open(path) : opener.open(path));
    }

    @Override
    public OptionalLong size(Path path) throws IOException {
        try {
            return OptionalLong.of(Files.size(path));
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public DeviceFile open(Path path) throws IOException {
        return new OpenFile(path, opener.open(path));
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    private record OpenFile(Path path, LinuxFile file) implements DeviceFile {
        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public void truncate(long size) throws IOException {
            file.truncate(size);
        }

        @Override
        public void readFully(ByteBuffer into, long offset) throws IOException {
            file.readFully(into, offset);
        }

        @Override
        public void writeFully(ByteBuffer from, long offset) throws IOException {
            file.writeFully(from, offset);
        }

        @Override
        public void punchHole(long offset, long length) throws IOException {
            file.punchHole(offset, length);
        }

        @Override
        public ByteBuffer map(long offset, int length) throws IOException {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                return channel.map(FileChannel.MapMode.READ_WRITE, offset, length);
            }
        }

        @Override
        public void sync() throws IOException {
            file.fdatasync();
        }

        @Override
        public void close() {
            file.close();
        }
    }
}
