package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContainerdException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** {@code sluice install}: plans, and does what was planned. */
public final class Installer {
    private final InstallTarget target;
    private final Optional<ContainerdProgram> program;

    private Installer(InstallTarget target, Optional<ContainerdProgram> program) {
        this.target = target;
        this.program = program;
    }

    /** @throws IOException if the host's files cannot be looked at */
    public static Installer of(InstallTarget target) throws IOException {
        Optional<ContainerdProgram> program = target.binary().isPresent()
                ? Optional.of(
                        new ContainerdProgram(target.host(), target.binary().get()))
                : ContainerdProgram.find(target.host());
        return new Installer(target, program);
    }

    /**
     * Plans what is missing; changes nothing.
     *
     * @param cri whether kubelets are to pull for Sluice
     * @throws InvalidContainerdConfigException if the configuration is not understood, or cannot be changed as it has to be
     */
    public InstallPlan plan(boolean cri) throws IOException {
        ContainerdVersion version = version();
        InstallPlanner planner = new InstallPlanner(target.host(), target.file(), target.socket(), version);
        Set<Requirement.Part> parts = EnumSet.allOf(Requirement.Part.class);
        if (!cri) {
            parts.remove(Requirement.Part.CRI);
        }
        List<FileChange> changes = planner.plan(parts);
        return new InstallPlan(target, version, planner.name(), changes, List.of());
    }

    private ContainerdVersion version() throws IOException {
        if (target.version().isPresent()) {
            return target.version().get();
        }
        try (ContainerdClient client = new ContainerdClient(target.host().find(target.containerd()))) {
            Optional<ContainerdVersion> version = RunningContainerd.ask(client).number();
            if (version.isPresent()) {
                return version.get();
            }
        } catch (ContainerdException e) {
            if (program.isEmpty()) {
                throw new IOException(
                        "Tried to find containerd's version but failed because: there is no containerd at the usual"
                                + " places, and none answers at "
                                + target.containerd()
                                + "; name it by --containerd-version",
                        e);
            }
        }
        if (program.isEmpty()) {
            throw new IOException("containerd at " + target.containerd()
                    + " says no version that is one; name it by --containerd-version");
        }
        return program.get().version();
    }

    /**
     * Does what was planned. If containerd's own program is there, it has to read the result as it was meant; else everything is put
     * back.
     *
     * @return what else there is to know, one sentence each
     */
    public List<String> apply(InstallPlan plan) throws IOException {
        List<String> notes = new ArrayList<>();
        Optional<JsonNode> before =
                program.isPresent() ? Optional.of(program.get().configuration(target.file())) : Optional.empty();
        Path state = target.host().find(target.state());
        Optional<InstallRecord> earlier = InstallRecord.read(state, target.file());
        List<Path> directories = missingDirectories(plan);
        InstallRecord record = (earlier.isPresent()
                        ? earlier.get().onTopOfOthers(target.host())
                        : new InstallRecord(target.file(), plan.name(), List.of(), List.of()))
                .with(plan.changes(), directories);
        // What can be taken back is known before anything is changed.
        record.write(state);
        FileSwap swap = new FileSwap(target.host());
        try {
            swap.apply(plan.changes());
            if (before.isPresent()) {
                verify(plan, before.get(), program.get().configuration(target.file()));
            } else {
                notes.add("containerd's program was not found: its configuration was not checked with it");
            }
        } catch (IOException e) {
            try {
                swap.revert();
                swap.removeDirectories(directories);
                restore(state, earlier);
            } catch (IOException second) {
                e.addSuppressed(second);
                throw new IOException(
                        e.getMessage() + "; and putting the files back failed, too: " + second.getMessage()
                                + ". What they were stands in " + InstallRecord.path(state, target.file()),
                        e);
            }
            throw new IOException(e.getMessage() + ". Everything is as it was before", e);
        }
        notes.add("What was there before is kept in " + InstallRecord.path(target.state(), target.file()));
        return notes;
    }

    private void restore(Path state, Optional<InstallRecord> earlier) throws IOException {
        if (earlier.isPresent()) {
            earlier.get().write(state);
        } else {
            InstallRecord.delete(state, target.file());
        }
    }

    private List<Path> missingDirectories(InstallPlan plan) throws IOException {
        List<Path> missing = new ArrayList<>();
        for (FileChange change : plan.changes()) {
            Path directory = change.path().getParent();
            while (directory != null
                    && !missing.contains(directory)
                    && !Files.exists(target.host().find(directory))) {
                missing.add(directory);
                directory = directory.getParent();
            }
        }
        return missing;
    }

    /** containerd says the same as before, and what was added, and nothing else. */
    private void verify(InstallPlan plan, JsonNode before, JsonNode after) throws IOException {
        String program = requireNonNull(this.program.orElse(null), "only with a program")
                .path()
                .toString();
        Optional<String> missing = DumpCheck.missing(after, plan);
        if (missing.isPresent()) {
            throw new IOException("`" + program + " config dump` does not show what was written: " + missing.get());
        }
        Optional<String> other = DumpCheck.other((ObjectNode) before, (ObjectNode) after, plan);
        if (other.isPresent()) {
            throw new IOException(
                    "`" + program + " config dump` shows that more would change than was written: " + other.get());
        }
    }
}
