package dev.sluice.install;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Documents that nobody would write: installing adds lines to them, and uninstalling takes the same away. */
class InstallPropertyTest {
    private static final int DOCUMENTS = Integer.getInteger("sluice.install.documents", 1500);
    private static final List<String> VERSIONS = List.of("1.6.20", "1.7.24", "2.0.7", "2.4.2");
    private static final List<String> TABLES = List.of(
            "grpc",
            "debug",
            "timeouts",
            "proxy_plugins",
            "proxy_plugins.other",
            "proxy_plugins.sluice",
            "plugins",
            "plugins.\"io.containerd.grpc.v1.cri\"",
            "plugins.'io.containerd.grpc.v1.cri'.containerd",
            "plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.runc",
            "plugins.\"io.containerd.cri.v1.images\"",
            "plugins . 'io.containerd.transfer.v1.local'");
    private static final List<String> KEYS =
            List.of("address", "type", "snapshotter", "uid", "\"ä key\"", "a.b", "disable_snapshot_annotations");
    private static final List<String> VALUES = List.of(
            "\"x\"",
            "'[proxy_plugins.sluice]'",
            "\"\"\"\n[plugins]\nx = 1 # no \\\"\"\" \"\"\"",
            "7",
            "true",
            "[1, 2]",
            "[ # list\n  'a', # one\n  'b'\n]",
            "{ a = 'b', c = { d = 1 } }",
            "1979-05-27T07:32:00Z",
            "\"snapshot\"");
    private static final List<String> COMMENTS =
            List.of("", "", " # why not", "# [proxy_plugins.sluice] ✓", "\t#", "# type = \"snapshot\"");

    @TempDir
    private Path root;

    @Test
    void installAndUninstallAreIdentityAndForeignValuesDoNotChange() throws IOException {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        Path file = root.resolve("config.toml");
        int installed = 0;
        for (int i = 0; i < DOCUMENTS; i++) {
            String text = document(random);
            String version = VERSIONS.get(random.nextInt(VERSIONS.size()));
            Files.writeString(file, text);
            if (check(file, version, "seed " + seed + ", document " + i + " of " + version + ":\n" + text)) {
                installed++;
            }
        }
        assertThat(installed).as("seed " + seed).isGreaterThan(DOCUMENTS / 4);
    }

    /** Found by the above. */
    @Test
    void aLineOfOursGoesThoughTheSameStandsElsewhere() throws IOException {
        Path file = root.resolve("config.toml");
        String text = """
                version = 2
                [plugins]

                  type = "snapshot"
                [proxy_plugins.sluice]
                  address = 1
                  uid = true # type = "snapshot\"""";
        Files.writeString(file, text);

        assertThat(check(file, "2.4.2", text)).isTrue();
    }

    /** @return whether it was not refused */
    private static boolean check(Path file, String version, String what) throws IOException {
        String text = Files.readString(file);
        InstallPlanner planner = new InstallPlanner(
                Host.HERE,
                file,
                Path.of("/run/sluice/sluice.sock"),
                ContainerdVersion.parse(version).orElseThrow());
        List<FileChange> changes;
        try {
            TomlDocument.parse(text);
            changes = planner.plan(EnumSet.allOf(Requirement.Part.class));
        } catch (InvalidContainerdConfigException | TomlException refused) {
            return false;
        }
        for (FileChange change : changes) {
            String others = "\n# somebody else's\n[[others]]\nx = 'y'";
            assertThat(removed(change.after().orElseThrow(), change)).as(what).isEqualTo(text);
            assertThat(removed(change.after().orElseThrow() + others, change))
                    .as(what)
                    .isEqualTo(text + others);
            List<String> lost = new ArrayList<>(text.lines().toList());
            change.after().orElseThrow().lines().forEach(lost::remove);
            long replaced = change.steps().stream()
                    .filter(step -> !step.former().isEmpty()
                            || step.text().startsWith(",")
                            || !step.text().contains("\n"))
                    .count();
            assertThat(lost.stream().filter(line -> !line.isBlank()).count())
                    .as(what + "\nlost: " + lost)
                    .isLessThanOrEqualTo(replaced * 4);
        }
        return true;
    }

    private static String removed(String text, FileChange change) {
        try {
            return StepRemoval.remove(TomlDocument.parse(text), change.steps())
                    .document()
                    .text();
        } catch (TomlException e) {
            throw new AssertionError(text, e);
        }
    }

    private static String document(Random random) {
        String lineBreak = random.nextInt(4) == 0 ? "\r\n" : "\n";
        List<String> lines = new ArrayList<>();
        lines.add("version = " + (random.nextBoolean() ? 2 : 3));
        Set<String> tables = new LinkedHashSet<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            tables.add(one(random, TABLES));
        }
        assign(random, lines, "");
        for (String table : tables) {
            String indentation = " ".repeat(random.nextInt(3) * 2);
            lines.add(one(random, COMMENTS).strip());
            lines.add(indentation + "[" + table + "]" + comment(random));
            assign(random, lines, indentation + "  ");
        }
        if (random.nextBoolean()) {
            lines.add("[[plugins.\"io.containerd.transfer.v1.local\".unpack_config]]" + comment(random));
            lines.add("platform = 'linux'");
            lines.add("  snapshotter = 'native'" + comment(random));
        }
        String text = String.join("\n", lines).replace("\n", lineBreak);
        return random.nextInt(5) == 0 ? text : text + lineBreak;
    }

    private static void assign(Random random, List<String> lines, String indentation) {
        Set<String> keys = new LinkedHashSet<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            keys.add(one(random, KEYS));
        }
        for (String key : keys) {
            lines.add(indentation + key + " = " + one(random, VALUES) + comment(random));
            if (random.nextInt(4) == 0) {
                lines.add("");
            }
        }
    }

    private static String comment(Random random) {
        String comment = one(random, COMMENTS);
        return comment.isEmpty() ? "" : " " + comment;
    }

    private static String one(Random random, List<String> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
