package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.util.Objects;
import java.util.stream.Collectors;

/** Fuzzes {@code /proc/self/mountinfo}, in which anybody who mounts something chooses names: written as the kernel does, it reads the same. */
public final class MountTableFuzz {
    private MountTableFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        MountTable table;
        try {
            table = MountTable.parse(data);
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        String written = table.mounts().stream().map(MountTableFuzz::write).collect(Collectors.joining("\n"));
        Require.equal(table, MountTable.parse(written.getBytes(ISO_8859_1)), "not the same when read again");
    }

    private static String write(MountTable.Mount mount) {
        return String.join(
                " ",
                Integer.toString(mount.id()),
                Integer.toString(mount.parent()),
                mount.device(),
                escape(mount.root()),
                escape(mount.mountPoint()),
                escape(mount.options()),
                "shared:1",
                "-",
                escape(mount.type()),
                escape(mount.source()),
                escape(mount.superOptions()));
    }

    private static String escape(String text) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(UTF_8)) {
            boolean isPlain = b != ' ' && b != '\n' && b != '\\' && b != '-';
            escaped.append(isPlain ? new String(new byte[] {b}, ISO_8859_1) : String.format("\\%03o", b & 0xFF));
        }
        return escaped.toString();
    }
}
