package dev.sluice.daemon;

import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/** Checks paths before the kernel does, for a better message. */
final class SocketPaths {
    /** {@code sun_path} of {@code struct sockaddr_un} holds 108 bytes with the final zero. */
    static final int MAX_BYTES = 107;

    private SocketPaths() {}

    /** An absolute path that fits into a unix socket's address; empty if the text is none. */
    static Optional<Path> parse(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES ? Optional.empty() : parseAbsolute(text);
    }

    /** An absolute path; empty if the text is none. */
    static Optional<Path> parseAbsolute(String text) {
        try {
            Path path = Path.of(text);
            return path.isAbsolute() ? Optional.of(path.normalize()) : Optional.empty();
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
