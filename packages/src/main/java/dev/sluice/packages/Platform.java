package dev.sluice.packages;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;

/**
 * What an image of a platform has of its own.
 *
 * @param architecture as OCI and Debian name it
 * @param directory with {@code base} and {@code runtime} in it, as {@code src/main/image/root} makes them
 */
record Platform(String architecture, Path directory) {
    private static final String OS = "linux";

    /** From {@code amd64=DIRECTORY}. */
    static Platform parse(String argument) {
        int equals = argument.indexOf('=');
        if (equals <= 0) {
            throw new IllegalArgumentException("not ARCHITECTURE=DIRECTORY: " + argument);
        }
        return new Platform(argument.substring(0, equals), Path.of(argument.substring(equals + 1)));
    }

    Path base() {
        return directory.resolve("base");
    }

    Path runtime() {
        return directory.resolve("runtime");
    }

    /** Puts the keys of OCI's {@code platform}, which configurations have, too. */
    ObjectNode describe(ObjectNode object) {
        object.put("architecture", architecture).put("os", OS);
        if (architecture.equals("arm64")) {
            object.put("variant", "v8");
        }
        return object;
    }
}
