match P = any shortest (n {station:"South-West"})->{1,3}(a {station: "North"})
return [s in nodes(P) | s.station] as stations