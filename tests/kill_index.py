#!/usr/bin/env python3
"""Kills `striate index` at random moments, resumes it, and compares the file with that of an undisturbed run.

    python3 tests/kill_index.py target/release/striate FOLDER [KILLS]

A pass that ends before it is killed starts anew, so that KILLS (20) kills come to pass.
"""
import filecmp, os, random, signal, subprocess, sys, tempfile, time

def main(binary, folder, kills):
    with tempfile.TemporaryDirectory() as desk:
        whole, parts = os.path.join(desk, "whole"), os.path.join(desk, "parts")
        command = [binary, "index", folder, "--network", "photonet", "--index"]
        start = time.time()
        subprocess.run(command + [whole], check=True, capture_output=True)
        took, killed, resumed = time.time() - start, 0, 0
        random.seed(1)
        while killed < kills:
            began = os.path.exists(parts)
            child = subprocess.Popen(command + [parts], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.05, 0.6) * took)
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                child.wait()
                killed += 1
                resumed += began
            else:
                assert child.returncode == 0
                assert filecmp.cmp(whole, parts, shallow=False), "a resumed pass wrote another index"
                os.remove(parts)
        subprocess.run(command + [parts], check=True, capture_output=True)
        assert filecmp.cmp(whole, parts, shallow=False), "the resumed pass wrote another index"
        print(f"killed {killed} times, {resumed} of them with an index to resume; the file is the same, {os.path.getsize(whole)} bytes; {took:.1f} s undisturbed")

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 20)
