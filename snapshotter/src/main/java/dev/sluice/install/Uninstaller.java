package dev.sluice.install;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContainerdException;
import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import dev.sluice.install.toml.TomlText;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code sluice uninstall}: takes back what {@link Installer} has changed, and nothing else. */
public final class Uninstaller {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    private final InstallTarget target;
    private final Optional<ContainerdProgram> program;

    private Uninstaller(InstallTarget target, Optional<ContainerdProgram> program) {
        this.target = target;
        this.program = program;
    }

    /** @throws IOException if the host's files cannot be looked at */
    public static Uninstaller of(InstallTarget target) throws IOException {
        return new Uninstaller(
                target,
                target.binary().isPresent()
                        ? Optional.of(new ContainerdProgram(
                                target.host(), target.binary().get()))
                        : ContainerdProgram.find(target.host()));
    }

    /**
     * Plans how it is taken back; changes nothing.
     *
     * @throws InvalidContainerdConfigException if that cannot be done without touching what is not ours
     */
    public UninstallPlan plan() throws IOException {
        Optional<InstallRecord> record = InstallRecord.read(target.host().find(target.state()), target.file());
        List<String> notes = new ArrayList<>();
        if (record.isEmpty()) {
            return new UninstallPlan(target, ContainerdCheck.NAME, List.of(), List.of(), notes);
        }
        List<FileChange> changes = new ArrayList<>();
        for (FileChange change : record.get().changes()) {
            Optional<String> present = FileSwap.read(target.host().find(change.path()));
            Optional<String> wanted = former(change, present, notes);
            if (!wanted.equals(present)) {
                changes.add(new FileChange(change.path(), present, wanted, List.of()));
            }
        }
        List<String> users = changes.isEmpty() ? List.of() : users(record.get().name(), notes);
        return new UninstallPlan(target, record.get().name(), changes, users, notes);
    }

    /** Containers that could not be started again. */
    private List<String> users(String name, List<String> notes) throws IOException {
        try (ContainerdClient client = new ContainerdClient(target.host().find(target.containerd()))) {
            List<String> users = new ArrayList<>();
            for (String namespace : client.containers().namespaces(TIMEOUT)) {
                client.containers().list(namespace, name, TIMEOUT).stream()
                        .map(container ->
                                "container " + container.id() + " in namespace " + namespace + " uses " + name)
                        .forEach(users::add);
            }
            return users;
        } catch (ContainerdException e) {
            notes.add("containerd does not answer at " + target.containerd()
                    + ": nobody can tell whether containers use " + name);
            return List.of();
        }
    }

    /** What a file is to be again. */
    static Optional<String> former(FileChange change, Optional<String> present, List<String> notes)
            throws InvalidContainerdConfigException {
        if (present.isEmpty() || present.equals(change.after())) {
            return present.isEmpty() ? present : change.before();
        }
        try {
            StepRemoval.Result result = StepRemoval.remove(TomlDocument.parse(present.get()), change.steps());
            for (String kept : result.kept()) {
                notes.add(change.path() + ": " + kept + " was changed by somebody else since, and stays");
            }
            boolean ours = change.before().isEmpty() && isEmpty(result.document());
            return ours ? Optional.empty() : Optional.of(result.document().text());
        } catch (TomlException e) {
            throw ConfigFiles.wrong(change.path(), e);
        }
    }

    /** Of a file that was not there: nothing is left in it but what every file begins with. */
    private static boolean isEmpty(TomlDocument document) {
        var root = document.root();
        root.remove("version");
        String text = document.text().replaceFirst("version = [0-9]+\\s*", "").strip();
        return root.isEmpty() && text.isEmpty();
    }

    /**
     * Does what was planned. If containerd's own program is there, it has to be able to read the result; else everything is put back.
     *
     * @return what else there is to know, one sentence each
     */
    public List<String> apply(UninstallPlan plan) throws IOException {
        List<String> notes = new ArrayList<>();
        Path state = target.host().find(target.state());
        Optional<InstallRecord> record = InstallRecord.read(state, target.file());
        FileSwap swap = new FileSwap(target.host());
        try {
            swap.apply(plan.changes());
            if (program.isPresent()) {
                program.get().configuration(target.file());
            }
        } catch (IOException e) {
            swap.revert();
            throw new IOException(e.getMessage() + ". Everything is as it was before", e);
        }
        if (record.isPresent()) {
            swap.removeDirectories(record.get().directories());
            InstallRecord.delete(state, target.file());
        }
        ContainerdConfiguration left =
                ContainerdConfiguration.read(target.file(), false, ConfigFiles.of(target.host()));
        left.proxyPlugins().stream()
                .filter(plugin -> RunningContainerd.path(
                                plugin.getValue().path("address").asText())
                        .equals(target.socket().toString()))
                .forEach(plugin -> notes.add(target.file() + " still names Sluice, as "
                        + TomlText.key(List.of("proxy_plugins", plugin.getKey()))
                        + ": `sluice install` has not written that"));
        return notes;
    }
}
