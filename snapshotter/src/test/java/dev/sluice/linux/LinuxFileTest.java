package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinuxFileTest {
    private static final int CREATE = OpenFlags.O_RDWR | OpenFlags.O_CREAT;
    private static final int BLOCK = 4096;

    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    @Test
    void writesAndReadsAtOffsetsFromTheBuffersPosition() throws IOException {
        try (LinuxFile file = linux.open(directory.resolve("f"), CREATE, 0600)) {
            ByteBuffer out = direct("..hello");
            out.position(2);
            file.writeFully(out, 10);
            ByteBuffer in = ByteBuffer.allocateDirect(8);
            in.position(1).limit(6);
            file.readFully(in, 10);

            assertThat(out.hasRemaining()).isFalse();
            assertThat(text(in.flip().position(1))).isEqualTo("hello");
            assertThat(file.size()).isEqualTo(15);
        }
    }

    @Test
    void tellsTheEndOfTheFileFromAFullBuffer() throws IOException {
        try (LinuxFile file = linux.open(directory.resolve("f"), CREATE, 0600)) {
            file.writeFully(direct("abc"), 0);

            assertThat(file.read(ByteBuffer.allocateDirect(10), 3)).isZero();
            assertThatThrownBy(() -> file.readFully(ByteBuffer.allocateDirect(10), 0))
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void findsDataAndHoles() throws IOException {
        try (LinuxFile file = linux.open(directory.resolve("f"), CREATE, 0600)) {
            file.truncate(100 * BLOCK);
            file.writeFully(ByteBuffer.allocateDirect(2 * BLOCK), 10 * BLOCK);
            assertThat(file.seekData(0)).hasValue(10 * BLOCK);
            assertThat(file.seekHole(10 * BLOCK)).isEqualTo(12 * BLOCK);
            assertThat(file.seekData(12 * BLOCK)).isEmpty();

            file.punchHole(10 * BLOCK, BLOCK);
            file.fdatasync();

            assertThat(file.seekData(0)).hasValue(11 * BLOCK);
            assertThat(file.size()).isEqualTo(100 * BLOCK);
        }
    }

    @Test
    void descriptorsAreNotInheritedByChildren() throws IOException {
        int closeOnExec = 1;
        int getDescriptorFlags = 1;
        try (LinuxFile file = linux.open(directory.resolve("f"), CREATE, 0600)) {
            assertThat(file.fcntl(getDescriptorFlags, 0) & closeOnExec).isEqualTo(closeOnExec);
        }
    }

    @Test
    void namesActionFileAndErrorWhenACallFails() {
        Path missing = directory.resolve("missing");

        assertThatThrownBy(() -> linux.open(missing, OpenFlags.O_RDONLY, 0))
                .hasMessage("open " + missing + ": ENOENT (No such file or directory)")
                .asInstanceOf(type(LinuxException.class))
                .matches(e -> e.is(Errno.ENOENT) && e.errno() == 2);
    }

    @Test
    void everyCallAfterCloseFails() throws IOException {
        LinuxFile file = linux.open(directory.resolve("f"), CREATE, 0600);
        file.close();
        file.close();

        assertThatThrownBy(() -> file.read(ByteBuffer.allocateDirect(1), 0)).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(file::fsync).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void theDescriptorStaysOpenUntilARunningCallReturns() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        try (LinuxFile writer = linux.open(fifo, OpenFlags.O_RDWR, 0)) {
            LinuxFile reader = linux.open(fifo, OpenFlags.O_RDONLY, 0);
            CompletableFuture<Integer> read = new CompletableFuture<>();
            Thread thread = new Thread(() -> {
                try {
                    read.complete(reader.read(ByteBuffer.allocateDirect(16)));
                } catch (IOException e) {
                    read.completeExceptionally(e);
                }
            });
            thread.start();
            await().until(() -> waitsInRead(reader));

            reader.close();
            Path descriptor = Path.of("/proc/self/fd/" + reader.fd());
            assertThat(Files.readSymbolicLink(descriptor)).isEqualTo(fifo);
            writer.write(direct("x"));

            assertThat(read.get()).isEqualTo(1);
            thread.join();
            assertThat(Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS)).isFalse();
        }
    }

    /** Whether a thread of this process waits in read(2), number 0 on x86-64 and 63 on arm64, of the file. */
    private static boolean waitsInRead(LinuxFile file) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.anyMatch(task -> {
                try {
                    String state = Files.readString(task.resolve("syscall"));
                    return state.matches("(0|63) 0x" + Integer.toHexString(file.fd()) + " .*\\n");
                } catch (IOException e) {
                    return false;
                }
            });
        }
    }

    private static ByteBuffer direct(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static String text(ByteBuffer buffer) {
        return UTF_8.decode(buffer).toString();
    }
}
