"""The minimum for PyTorch and transformers from the command to the first training step: prepared data, a model
from a Hugging Face configuration, one step of AdamW on one pair. Prints a line when the step is done.

    first_step.py CONFIG.json PREFIX THREADS
"""

import sys

import numpy
import torch
from transformers import BertConfig, BertForPreTraining

LENGTH = 128

torch.set_num_threads(int(sys.argv[3]))
model = BertForPreTraining(BertConfig.from_json_file(sys.argv[1]))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)
# The format of Megatron-LM's .bin files; masking of real pairs would only take longer.
ids = torch.from_numpy(numpy.memmap(sys.argv[2] + ".bin", numpy.uint16, "r")[:LENGTH].astype(numpy.int64))[None]
labels = torch.where(torch.rand(ids.shape) < 0.15, ids, -100)
labels[0, 1] = ids[0, 1]
output = model(input_ids=ids, labels=labels, next_sentence_label=torch.tensor([0]))
output.loss.backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
print("loss", float(output.loss.detach()), flush=True)
