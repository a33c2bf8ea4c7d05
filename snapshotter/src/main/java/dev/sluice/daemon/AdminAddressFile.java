package dev.sluice.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** {@code admin-address} in the root directory: where the daemon that uses, or last used, this directory answers. */
public record AdminAddressFile(Path root) {
    /** @throws IOException if it cannot be written */
    void write(AdminAddress address) throws IOException {
        Files.writeString(path(), address + "\n");
    }

    /** The address; empty if no daemon has used the directory, or it is none. */
    public Optional<String> read() throws IOException {
        try {
            return AdminAddress.parse(Files.readString(path()).strip()).map(Object::toString);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private Path path() {
        return root.resolve("admin-address");
    }
}
