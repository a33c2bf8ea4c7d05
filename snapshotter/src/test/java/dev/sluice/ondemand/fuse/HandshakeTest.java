package dev.sluice.ondemand.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.fuse.Protocol.InitFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** INIT as kernels of other versions send it; a pipe stands for {@code /dev/fuse}. */
class HandshakeTest {
    private static final int INIT = 26;
    private static final long PASSTHROUGH = 1L << 37;
    private static final long WRITEBACK_CACHE = 1L << 16;
    private static final long EVERYTHING = -1L >>> 1;

    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    private LinuxFile device;

    @BeforeEach
    void openPipe() throws Exception {
        Path fifo = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        device = linux.open(fifo, OpenFlags.O_RDWR | OpenFlags.O_NONBLOCK, 0);
    }

    @AfterEach
    void closePipe() {
        device.close();
    }

    @Test
    void agreesOnWhatBothKnowAndNothingElse() throws IOException {
        send(init(INIT, 7, 45, EVERYTHING));

        FuseConnection connection = negotiate();

        assertThat(connection.minor()).isEqualTo(40);
        assertThat(connection.maxReadahead()).isEqualTo(131072);
        assertThat(connection.maxPages()).isEqualTo(256);
        assertThat(connection.has(InitFlag.HAS_RESEND)).isTrue();
        assertThat(connection.has(PASSTHROUGH)).isFalse();
        assertThat(connection.has(WRITEBACK_CACHE)).isFalse();
    }

    @Test
    void answersWhatWasAgreed() throws IOException {
        send(init(INIT, 7, 45, EVERYTHING));
        FuseConnection connection = negotiate();

        ByteBuffer reply = buffer(200);
        assertThat(device.readIfReady(reply)).isEqualTo(80);
        assertThat(reply.getInt(0)).isEqualTo(80);
        assertThat(reply.getInt(4)).as("error").isZero();
        assertThat(reply.getLong(8)).as("unique").isEqualTo(4711);
        assertThat(reply.getInt(16)).as("major").isEqualTo(7);
        assertThat(reply.getInt(20)).as("minor").isEqualTo(40);
        assertThat(reply.getInt(24)).as("max_readahead").isEqualTo(131072);
        assertThat(reply.getInt(28)).as("flags").isEqualTo((int) connection.flags());
        assertThat(reply.getShort(32)).as("max_background").isEqualTo((short) 1024);
        assertThat(reply.getShort(44)).as("max_pages").isEqualTo((short) 256);
        assertThat(reply.getInt(48)).as("flags2").isEqualTo((int) (connection.flags() >>> 32));
    }

    @Test
    void takesTheShortRequestOfLinux516() throws IOException {
        ByteBuffer request = init(INIT, 7, 35, EVERYTHING & 0xffffffffL & ~InitFlag.INIT_EXT);
        request.limit(56).putInt(0, 56);
        send(request);

        FuseConnection connection = negotiate();

        assertThat(connection.minor()).isEqualTo(35);
        assertThat(connection.has(InitFlag.MAX_PAGES)).isTrue();
        assertThat(connection.has(InitFlag.HAS_RESEND)).isFalse();
    }

    @Test
    void refusesAnOlderProtocol() throws IOException {
        send(init(INIT, 7, 30, EVERYTHING));

        assertThatThrownBy(this::negotiate).isInstanceOf(IOException.class).hasMessageContaining("7.30");
    }

    @Test
    void refusesAnotherProtocol() throws IOException {
        send(init(INIT, 8, 45, EVERYTHING));

        assertThatThrownBy(this::negotiate).isInstanceOf(IOException.class).hasMessageContaining("8.45");
    }

    @Test
    void refusesAKernelWithoutLongReads() throws IOException {
        send(init(INIT, 7, 45, EVERYTHING & ~InitFlag.MAX_PAGES));

        assertThatThrownBy(this::negotiate).isInstanceOf(IOException.class);
    }

    @Test
    void refusesAnythingElseThanInit() throws IOException {
        send(init(3, 7, 45, EVERYTHING));

        assertThatThrownBy(this::negotiate).isInstanceOf(IOException.class).hasMessageContaining("no INIT");
    }

    @Test
    void refusesARequestThatIsCutOff() throws IOException {
        send(init(INIT, 7, 45, EVERYTHING).limit(50));

        assertThatThrownBy(this::negotiate).isInstanceOf(IOException.class).hasMessageContaining("50 bytes");
    }

    private FuseConnection negotiate() throws IOException {
        return new Handshake(linux, device, FuseOptions.defaults(), false).negotiate();
    }

    private void send(ByteBuffer request) throws IOException {
        device.write(request);
    }

    private static ByteBuffer init(int opcode, int major, int minor, long flags) {
        return buffer(104)
                .putInt(0, 104)
                .putInt(4, opcode)
                .putLong(8, 4711)
                .putInt(40, major)
                .putInt(44, minor)
                .putInt(48, 131072)
                .putInt(52, (int) flags)
                .putInt(56, (int) (flags >>> 32));
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
    }
}
