package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.Path;

/** Directory trees whose names may hold any bytes, which the JDK's own file API cannot express in every locale. */
public final class Trees {

    private Trees() {}

    /** Deletes a tree without following it into other file systems. */
    public static void delete(Path root) throws IOException {
        Command.of("rm", "-rf", "--one-file-system", "--", root.toString()).run();
    }
}
