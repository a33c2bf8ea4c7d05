package dev.sluice.ondemand.fuse;

import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;

/** Fuzzes what the next process is told of a connection: what is read is the same when it is written and read again. */
public final class ConnectionFileFuzz {
    private static final ScratchFile FILE = ScratchFile.named("m.connection");

    private ConnectionFileFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        ConnectionFile file = new ConnectionFile(FILE.with(data));
        Optional<ConnectionFile.Contents> contents;
        try {
            contents = file.read();
        } catch (IOException e) {
            Objects.requireNonNull(e.toString());
            return;
        }
        if (contents.isPresent()) {
            file.write(contents.get());
            Require.equal(contents, file.read(), "not the same when read again");
        }
    }
}
