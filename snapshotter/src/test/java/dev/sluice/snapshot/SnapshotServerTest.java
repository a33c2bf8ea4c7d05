package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc.SnapshotsImplBase;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotServerTest {
    @TempDir
    Path directory;

    private Path root() {
        return directory.resolve("root");
    }

    private Path socket() {
        return root().resolve("socket");
    }

    @Test
    void theSocketBelongsToItsOwnerAlone() throws Exception {
        try (SnapshotHarness service = new SnapshotHarness(directory)) {
            assertThat(service.list()).isEmpty();
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
                    .isEqualTo("rw-------");
        }
        try (Stream<Path> left = Files.list(root())) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .as("neither the socket nor its nursery remains")
                    .containsExactlyInAnyOrder("journal", "snapshots");
        }
    }

    @Test
    void aMissingDirectoryIsMade() throws Exception {
        Path socket = directory.resolve("run/sluice/socket");
        try (SnapshotServer server = SnapshotServer.start(socket, new SnapshotsServiceThatNobodyCalls())) {
            assertThat(socket).exists();
        }
    }

    @Test
    void aSocketOnWhichNobodyListensIsReplaced() throws Exception {
        Files.createDirectories(root());
        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket()));
        dead.close();
        assertThat(socket()).exists();

        try (SnapshotHarness service = new SnapshotHarness(directory)) {
            assertThat(service.list()).isEmpty();
        }
    }

    @Test
    void aSocketOnWhichSomebodyListensIsLeftAlone() throws Exception {
        Files.createDirectories(root());
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket()));

            assertThatThrownBy(() -> SnapshotServer.start(socket(), new SnapshotsServiceThatNobodyCalls()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("somebody listens there");
            assertThat(socket()).exists();
        }
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws Exception {
        Files.createDirectories(root());
        Files.writeString(socket(), "precious");

        assertThatThrownBy(() -> SnapshotServer.start(socket(), new SnapshotsServiceThatNobodyCalls()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a socket");
        assertThat(socket()).hasContent("precious");
    }

    @Test
    void messagesMayBeLong() throws Exception {
        try (SnapshotHarness service = new SnapshotHarness(directory)) {
            String megabytes = "x".repeat(8 << 20);
            service.prepare("a", "", Map.of("label", megabytes));
            service.remove("a");
            assertThat(service.list()).isEqualTo(List.of());
        }
    }

    /** Answers every call with UNIMPLEMENTED. */
    private static final class SnapshotsServiceThatNobodyCalls extends SnapshotsImplBase {}
}
