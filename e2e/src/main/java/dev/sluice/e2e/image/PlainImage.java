package dev.sluice.e2e.image;

import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdClient;
import java.io.IOException;
import java.nio.file.Path;

/**
 * An image of tar+gzip layers from which its other forms are made.
 *
 * @param layout an OCI layout with the tag {@link DebianImage#TAG}, not to be changed
 * @param reference of the same image in a registry that speaks plain HTTP
 * @param containerd of Debian, for makers that work with one; it may have anything in it
 * @param work an empty directory with a short path, for one maker
 * @param tools the directory {@code e2e/tools}
 */
public record PlainImage(Path layout, String reference, ContainerdClient containerd, Path work, Path tools) {

    /** A registry's {@code host:port/name}, without a tag: forms go there, too. */
    public String repository() {
        return reference.substring(0, reference.lastIndexOf(':'));
    }

    /** Builds a program that a maker runs, or finds it in the cache. */
    Path program(ClientProgram program) throws IOException {
        return program.build(tools)
                .orElseThrow(() -> new IOException("Tried to build " + program.directory() + " but failed"));
    }
}
