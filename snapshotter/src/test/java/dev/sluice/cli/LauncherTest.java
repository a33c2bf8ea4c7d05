package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/sluice}, with a Java that only tells how it was called. */
class LauncherTest {
    private static final Path SCRIPT = Path.of("src/main/dist/bin/sluice");

    @TempDir
    Path directory;

    private Path launcher = SCRIPT;

    @BeforeEach
    void install() throws IOException {
        launcher = executable("home with spaces/bin/sluice", Files.readString(SCRIPT));
        Files.createDirectories(directory.resolve("home with spaces/lib"));
        Files.createFile(directory.resolve("home with spaces/lib/b.jar"));
        Files.createFile(directory.resolve("home with spaces/lib/a.jar"));
        executable("jdk/bin/java", "#!/bin/sh\necho pid $$\nfor a; do echo \"<$a>\"; done\n");
    }

    @Test
    void theScriptBecomesTheJavaProcess() throws Exception {
        Process process = launch(launcher, Map.of("JAVA_HOME", path("jdk")), "daemon");
        assertThat(output(process)).startsWith("pid " + process.pid() + "\n");
    }

    @Test
    void argumentsArriveAsTheyAre() throws Exception {
        Process process = launch(launcher, Map.of("JAVA_HOME", path("jdk")), "mount", "a b", "", "*", "$HOME");
        assertThat(output(process))
                .endsWith("<-cp>\n<" + libraries() + ">\n<dev.sluice.cli.Main>\n<mount>\n<a b>\n<>\n<*>\n<$HOME>\n");
    }

    @Test
    void aLinkToTheScriptFindsTheLibraries() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), launcher);
        Path second = Files.createSymbolicLink(directory.resolve("second"), link.getFileName());
        assertThat(output(launch(second, Map.of("JAVA_HOME", path("jdk"))))).contains("<" + libraries() + ">");
    }

    @Test
    void aRuntimeOfItsOwnGoesBeforeAllOthers() throws Exception {
        executable("home with spaces/runtime/bin/java", "#!/bin/sh\necho its own\n");
        assertThat(output(launch(launcher, Map.of("JAVA_HOME", path("jdk"))))).isEqualTo("its own\n");
    }

    @Test
    void anArchiveOfClassesIsUsedIfThereIsOne() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", path("jdk"));
        assertThat(output(launch(launcher, environment))).doesNotContain("SharedArchiveFile");
        Path archive = Files.createFile(directory.resolve("home with spaces/lib/sluice.jsa"));
        assertThat(output(launch(launcher, environment))).contains("<-XX:SharedArchiveFile=" + archive + ">\n");
    }

    @Test
    void javaIsLookedForInThePath() throws Exception {
        Map<String, String> environment = Map.of("PATH", path("jdk/bin") + ":" + System.getenv("PATH"));
        assertThat(output(launch(launcher, environment))).startsWith("pid ");
    }

    @Test
    void ourOptionsOfJavaComeBeforeThoseOfTheUser() throws Exception {
        Map<String, String> environment = Map.of("JAVA_HOME", path("jdk"), "SLUICE_JAVA_OPTS", "-Xmx1g -Dname=value");
        assertThat(output(launch(launcher, environment)))
                .contains("<-XX:+IgnoreUnrecognizedVMOptions>\n")
                .contains("<--enable-native-access=ALL-UNNAMED>\n")
                .contains("<-Xmx1g>\n<-Dname=value>\n<-cp>\n");
    }

    @Test
    void aMissingJavaIsOneSentence() throws Exception {
        Process process = launch(launcher, Map.of("JAVA_HOME", path("nowhere")));
        assertThat(output(process))
                .isEqualTo(
                        "sluice: there is no " + path("nowhere/bin/java") + "; set JAVA_HOME to a Java 17 or later\n");
        assertThat(process.waitFor()).isEqualTo(1);
    }

    private String libraries() {
        return path("home with spaces/lib/a.jar") + ":" + path("home with spaces/lib/b.jar");
    }

    private static Process launch(Path script, Map<String, String> environment, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(script.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("JAVA_HOME");
        builder.environment().remove("SLUICE_JAVA_OPTS");
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static String output(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private Path executable(String name, String content) throws IOException {
        Path file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }
}
