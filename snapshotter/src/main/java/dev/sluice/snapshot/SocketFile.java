package dev.sluice.snapshot;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * The file of a unix socket that its owner alone may use: bound where nobody else can connect until it has its permissions, then
 * renamed. Not safe for use by many threads.
 */
public final class SocketFile implements Closeable {
    private final Path socket;
    private final Path nursery;
    private boolean published;

    private SocketFile(Path socket, Path nursery) {
        this.socket = socket;
        this.nursery = nursery;
    }

    /**
     * Makes room for a socket. A socket file on which nobody listens is removed, a missing directory made: {@code /run} is empty after
     * each boot.
     *
     * @param socket an absolute path of less than 90 bytes
     * @throws IOException if somebody listens there already, something else than a socket is there, or there can be none
     */
    public static SocketFile reserve(Path socket) throws IOException {
        requireStale(socket);
        Path directory = socket.getParent();
        if (directory == null) {
            throw failed(socket, "the path is not absolute");
        }
        return new SocketFile(socket, Files.createTempDirectory(Files.createDirectories(directory), ".s"));
    }

    private static void requireStale(Path socket) throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        BasicFileAttributes attributes =
                Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw failed(socket, "it is not a socket");
        }
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            throw failed(socket, "somebody listens there, " + client.getRemoteAddress());
        } catch (ConnectException e) {
            Files.delete(socket);
        }
    }

    private static IOException failed(Path socket, String reason) {
        return new IOException("Tried to listen on " + socket + " but failed because: " + reason);
    }

    /** Where to bind the socket. */
    public UnixDomainSocketAddress unborn() {
        return UnixDomainSocketAddress.of(nursery.resolve("s"));
    }

    /** Lets its owner, and nobody else, connect from now on. */
    public void publish() throws IOException {
        Path unborn = unborn().getPath();
        Files.setPosixFilePermissions(unborn, PosixFilePermissions.fromString("rw-------"));
        Files.move(unborn, socket, ATOMIC_MOVE);
        published = true;
        Files.delete(nursery);
    }

    /** Removes the file; who is connected stays so. */
    @Override
    public void close() throws IOException {
        if (published) {
            Files.deleteIfExists(socket);
        } else {
            Files.deleteIfExists(unborn().getPath());
            Files.deleteIfExists(nursery);
        }
    }
}
